// Counts the presses of the buttons that it is given, by their keys, with what each showed when it was pressed. It
// counts before Streamlit sends the press, so that one request contains both. Once it is mounted it also counts what
// was pressed before (early.js), and sends that.

// What this file leans on in Streamlit's page: the class st-key-<key> that a key gives to its element.
const counting = new WeakMap() // by its place in the page: the listener there

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".rnn-presses")
  const counted = (window.rnnPresses ??= {}) // by key: {count, shown}
  if (counted.session !== data.session) {
    for (const name of Object.keys(counted)) delete counted[name] // of a session that the server no longer has
    counted.session = data.session
  }
  const add = (name, shown) => (counted[name] = { count: (counted[name]?.count ?? 0) + 1, shown })
  const count = ({ target }) => {
    const name = Object.keys(data.shown).find(
      (key) => target instanceof Element && target.closest(`.st-key-${key} button`),
    )
    if (!name) return
    add(name, data.shown[name])
    setStateValue("presses", { ...counted })
  }
  document.removeEventListener("click", counting.get(root), true)
  counting.set(root, count)
  document.addEventListener("click", count, true)
  const names = Object.keys(data.shown)
  for (const name of names) window.rnnCounted.add(name)
  const early = window.rnnEarlyPresses.splice(0).filter(([path]) => path === location.pathname)
  for (const [path, name] of early) {
    if (name in data.shown) add(name, null) // nobody knows what it showed
    else window.rnnEarlyPresses.push([path, name]) // of another component
  }
  if (early.some(([, name]) => name in data.shown)) setStateValue("presses", { ...counted })
  return () => {
    document.removeEventListener("click", count, true)
    for (const name of names) window.rnnCounted.delete(name)
  }
}
