// Keeps the arrow keys that are pressed before the component that moves by them is there, by the page they were pressed
// on. It takes them once it is mounted (moves.js).
{
  const kept = (window.rnnEarlyKeys = []) // [path, event]
  const keep = (event) => {
    if (event.key?.startsWith("Arrow") && !document.querySelector(".rnn-moves button")) {
      kept.push([location.pathname, event])
    }
  }
  addEventListener("keydown", keep, true)
}
