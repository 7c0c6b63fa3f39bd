// Connects fields.js at the head of the page to the server: the rules of the fields in, pasted lines out.
export default function ({ data, setTriggerValue }) {
  window.rnnFields?.connect(data, (lines) => setTriggerValue("lines", lines))
}
