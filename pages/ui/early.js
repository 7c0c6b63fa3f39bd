// Keeps what a person does before the component for it is there, by the page it was done on: the arrow keys (moves.js
// takes them once it is mounted), and the presses of buttons (presses.js).
{
  const MOST = 100 // presses, of all buttons
  const keys = (window.rnnEarlyKeys = []) // [path, event]
  const presses = (window.rnnEarlyPresses = []) // [path, key of the button]
  const counted = (window.rnnCounted = new Set()) // the keys of the buttons whose presses a component counts
  const keepKey = (event) => {
    if (event.key?.startsWith("Arrow") && !document.querySelector(".rnn-moves button")) {
      keys.push([location.pathname, event])
    }
  }
  const keepPress = ({ target }) => {
    const place = target instanceof Element && target.closest("button")?.closest("[class*=st-key-]")
    const key = /st-key-(\S+)/.exec((place && place.className) || "")?.[1]
    if (key && !counted.has(key)) presses.push([location.pathname, key])
    presses.splice(0, presses.length - MOST)
  }
  addEventListener("keydown", keepKey, true)
  addEventListener("click", keepPress, true)
}
