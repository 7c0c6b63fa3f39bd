// The text as a row of characters; what is pointed at shades those that its prediction hangs on. What people typed is
// set as text only, never as markup.

export default function ({ data, parentElement, setTriggerValue }) {
  const { tokens, asked, first, step, words } = data
  const root = parentElement.querySelector(".rnn-dependence")
  const rows = matrix(data.influence)
  const focused = [...root.querySelectorAll("button")].indexOf(document.activeElement)
  root.replaceChildren()
  const row = root.appendChild(html("div", "rnn-characters"))
  row.setAttribute("role", "group")
  row.setAttribute("aria-label", words.hint)
  const said = root.appendChild(html("p", "rnn-hangs"))
  said.setAttribute("role", "status")
  const shown = Math.max(0, Math.min(tokens.length - 1, step - first))
  const show = (at) => {
    const influence = Array.from(rows[at])
    const most = Math.max(...influence)
    const on = influence.indexOf(most)
    row.querySelectorAll("button").forEach((one, index) => {
      one.style.setProperty("--share", `${most > 0 ? Math.round((100 * influence[index]) / most) : 0}%`)
      one.classList.toggle("rnn-asked", index === at)
    })
    said.textContent = filled(words.says, { t: first + at, token: tokens[at], k: first + on, most: tokens[on] })
  }
  tokens.forEach((token, at) => {
    const one = row.appendChild(html("button", "rnn-character"))
    one.type = "button"
    one.append(html("span", "rnn-glyph", token), html("small", "rnn-id", String(first + at)))
    one.title = `t ${first + at} → ${asked[at]}`
    one.onpointerenter = () => show(at)
    one.onfocus = () => show(at)
    one.onclick = () => setTriggerValue("picked", first + at)
  })
  row.onpointerleave = () => show(shown)
  show(shown)
  root.append(html("p", "rnn-hint", words.hint))
  if (focused >= 0) row.children[focused]?.focus({ preventScroll: true })
}
