// The buttons and arrow keys of a cursor. The browser knows where the cursor is to be, and says that, not the moves;
// what the server answers while it is still behind is passed over.

const KEYS = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" }
const SIGNS = { left: "←", right: "→", up: "↑", down: "↓" }
const OWN_ARROWS =
  "input:not([type=checkbox]), textarea, select, canvas, [contenteditable=true], [role=slider], [role=radio], " +
  "[role=listbox], [role=option], [role=combobox], [role=menu], [role=menuitem], [role=tab], [role=grid], " +
  "[role=dialog], .rnn-table-root"

let session // id of the server's session: a new one has counted no moves
let sent = 0 // moves told to the server
let cursor // {step, row}, rows counted from the top
let move // what a way does, as of the last answer

const strike = (event) => {
  const way = KEYS[event.key]
  if (!way || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return
  if (event.target instanceof Element && event.target.closest(OWN_ARROWS)) return
  event.preventDefault()
  move(way)
}

const within = (value, size) => Math.max(0, Math.min(size - 1, value))

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".rnn-moves")
  const { steps, units, words } = data
  const behind = data.session === session && data.counted < sent
  if (!behind) {
    session = data.session
    cursor = { step: data.step, row: units.indexOf(data.unit) }
    sent = data.counted
  }
  move = (way) => {
    const to = {
      step: within(cursor.step + (way === "right") - (way === "left"), steps),
      row: within(cursor.row + (way === "down") - (way === "up"), units.length),
    }
    if (to.step === cursor.step && to.row === cursor.row) return
    cursor = to
    sent += 1
    setStateValue("place", { step: to.step, unit: units[to.row], count: sent })
  }
  root.setAttribute("aria-label", words.group)
  for (const way of Object.values(KEYS)) {
    const button = root.querySelector(`.rnn-${way}`) ?? root.appendChild(document.createElement("button"))
    button.type = "button"
    button.className = `rnn-move rnn-${way}`
    button.hidden = way === "left" || way === "right" ? steps === 1 : units.length === 1
    button.textContent = SIGNS[way]
    button.title = words[way]
    button.setAttribute("aria-label", words[way])
    button.onclick = () => move(way)
  }
  document.addEventListener("keydown", strike) // the same function again is no second listener
  const early = window.rnnEarlyKeys?.splice(0) ?? []
  for (const [path, event] of early) if (path === location.pathname) strike(event)
  return () => document.removeEventListener("keydown", strike)
}
