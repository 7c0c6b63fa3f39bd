// What the pictures share: elements, sentences, what leads to what, and the box beside the pointer.

const SVG = "http://www.w3.org/2000/svg"

const make = (tag, attributes = {}, text) => {
  const node = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value)
  if (text !== undefined) node.textContent = text
  return node
}
const html = (tag, className, text) => {
  const node = document.createElement(tag)
  if (className) node.className = className
  if (text !== undefined) node.textContent = text
  return node
}
const button = (parent, className, sign, label, act) => {
  const one = parent.appendChild(html("button", `rnn-move ${className}`, sign))
  one.type = "button"
  one.title = label
  one.setAttribute("aria-label", label)
  one.onclick = act
  return one
}
const filled = (template, words) => template.replace(/\{(\w+)\}/g, (whole, name) => words[name] ?? whole)

// What each source leads to, by edges [source, target]; and all that an id leads to in the end.
const follower = (edges) => {
  const next = new Map()
  for (const [source, target] of edges) {
    if (!next.has(source)) next.set(source, [])
    next.get(source).push(target)
  }
  return next
}
const reached = (id, next, seen = new Set()) => {
  const waiting = [id]
  while (waiting.length) {
    for (const other of next.get(waiting.pop()) ?? []) {
      if (seen.has(other)) continue
      seen.add(other)
      waiting.push(other)
    }
  }
  return seen
}

// Lights what an id comes from, and what comes from it: groups by id, and lines {path, source, target} between them.
const lightWays = (id, groups, lines, before, after) => {
  const [sources, targets] = [reached(id, before), reached(id, after)]
  for (const [other, group] of groups) {
    group.classList.toggle("rnn-source", sources.has(other))
    group.classList.toggle("rnn-target", targets.has(other))
    group.classList.toggle("rnn-pointed", other === id)
  }
  for (const { path, source, target } of lines) {
    path.classList.toggle("rnn-source", target === id || (sources.has(target) && sources.has(source)))
    path.classList.toggle("rnn-target", source === id || (targets.has(source) && targets.has(target)))
  }
}

// A small box beside what is pointed at, within the frame of the picture.
const placeTip = (tip, root, near) => {
  const [frame, at] = [root.getBoundingClientRect(), near.getBoundingClientRect()]
  tip.style.left = `${Math.max(0, Math.min(at.left - frame.left + at.width / 2, frame.width - tip.offsetWidth))}px`
  tip.style.top = `${at.bottom - frame.top + 6}px`
}
const arrowhead = (id) => {
  const defs = make("defs")
  const marker = make("marker", {
    id,
    viewBox: "0 0 8 8",
    refX: 7,
    refY: 4,
    markerWidth: 10,
    markerHeight: 10,
    orient: "auto-start-reverse",
    markerUnits: "userSpaceOnUse",
  })
  marker.append(make("path", { d: "M0 0.5L8 4L0 7.5z", fill: "context-stroke" }))
  defs.append(marker)
  return defs
}
