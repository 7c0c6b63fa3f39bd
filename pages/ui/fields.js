// What is typed, pasted and dropped into Streamlit's fields for the text, where the browser or Streamlit would lose a
// part of it without a message: code points in NFC; several lines that come to the field for one line go to the server
// as lines. number_fields.js does the like for numbers; components/typed connects both to the server.
{
  const ONE_LINE = ".st-key-one_line input"
  const LINES = ".st-key-lines textarea"

  let send // takes lines to the server
  let waiting // lines that were pasted before the server was connected

  const at = (event, selector) => (event.target instanceof Element ? event.target.closest(selector) : null)

  const write = (input, value) => {
    const kind = input instanceof HTMLTextAreaElement ? HTMLTextAreaElement : HTMLInputElement
    Object.getOwnPropertyDescriptor(kind.prototype, "value").set.call(input, value) // React takes it for typed
  }
  const press = (input, key) => input.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }))

  const compose = (event) => {
    const field = at(event, `${ONE_LINE}, ${LINES}`)
    if (!field || event.isComposing || field.value === field.value.normalize("NFC")) return
    const caret = field.value.slice(0, field.selectionStart).normalize("NFC").length
    write(field, field.value.normalize("NFC"))
    field.setSelectionRange(caret, caret)
  }
  document.addEventListener("input", compose, true)
  document.addEventListener("compositionend", compose, true)

  const deliver = (lines) => {
    if (send) send(lines)
    else waiting = lines
  }
  // Keeps the focus in the area for lines until the person clicks or presses Tab: Streamlit draws the area in the
  // place of the field once the server has answered, and may draw it again.
  let stopFocusing = () => {}
  const focusLines = (input) => {
    stopFocusing()
    const focus = () => {
      const area = document.querySelector(LINES)
      const focused = document.activeElement
      if (area && [input, document.body, null].includes(focused)) area.focus()
    }
    const observer = new MutationObserver(focus)
    observer.observe(document.body, { childList: true, subtree: true })
    stopFocusing = () => observer.disconnect()
  }
  document.addEventListener("pointerdown", () => stopFocusing(), true)
  document.addEventListener("keydown", (event) => event.isTrusted && event.key === "Tab" && stopFocusing(), true)

  // Puts `text` in the place of the selection: its lines as one text, if they are several.
  const insert = (input, text) => {
    const lines = text.split(/\r\n|\r|\n/).filter(Boolean)
    if (lines.length < 2) {
      document.execCommand("insertText", false, lines.join(""))
      return
    }
    const { value, selectionStart, selectionEnd } = input
    press(input, "Enter") // what was typed before is not to come after the lines
    deliver(value.slice(0, selectionStart) + lines.join("\n") + value.slice(selectionEnd))
    focusLines(input)
  }
  document.addEventListener("paste", (event) => {
    const input = at(event, ONE_LINE)
    const pasted = event.clipboardData?.getData("text/plain") ?? ""
    if (!input || !/[\r\n]/.test(pasted)) return
    event.preventDefault()
    insert(input, pasted)
  }, true)
  document.addEventListener("drop", (event) => {
    const input = at(event, ONE_LINE)
    const dropped = event.dataTransfer?.getData("text/plain") ?? ""
    if (!input || !/[\r\n]/.test(dropped)) return
    event.preventDefault()
    const place = document.caretPositionFromPoint?.(event.clientX, event.clientY)
    const caret = place?.offsetNode === input ? place.offset : input.value.length
    input.focus()
    input.setSelectionRange(caret, caret)
    insert(input, dropped)
  }, true)

  window.rnnFields = {
    connect(data, sendLines) {
      send = sendLines
      if (waiting !== undefined) send(waiting)
      waiting = undefined
      window.rnnNumberFields.connect(data)
    },
  }
}
