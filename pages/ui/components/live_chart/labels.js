// Labels thinned out to as many as there is room for, in the size in which a chart is drawn: the one place that thins.

let ruler
const widthOf = (words, font, size) => {
  if (!words) return 0
  ruler ??= document.createElement("canvas").getContext("2d")
  ruler.font = `${size}px ${font}`
  return ruler.measureText(words.replace(/&#?\w+;/g, "m").replace(/<[^>]*>/g, "")).width
}

// The labels of an axis with one at every whole number, each line of them by itself: a letter needs less than a number.
// What is left out has no tick, so that a hover label has its number; `every` holds all of them.
const thinnedAxis = (axis, across, px, font) => {
  const { tickvals, ticktext, range, domain = [0, 1], tickfont } = axis
  const ends = range ?? [tickvals?.[0] - 0.5, tickvals?.at(-1) + 0.5]
  if (!Array.isArray(ticktext) || tickvals.some((at, index) => at !== tickvals[0] + index)) return axis
  const pitch = (px * (domain[1] - domain[0])) / Math.abs(ends[1] - ends[0])
  const size = tickfont?.size ?? 12
  const rows = ticktext.map((label) => label.split("<br>"))
  // A letter is no higher than the size of its font.
  const length = (words) => (across ? widthOf(words, font, size) : size - LABEL_GAP)
  const strides = Array.from({ length: Math.max(...rows.map((lines) => lines.length)) }, (_, line) =>
    strideOf(
      tickvals,
      rows.map((lines) => length(lines[line])),
      pitch,
    ),
  )
  if (strides.every((k) => k === 1)) return axis
  const shown = rows.map((lines, at) => lines.map((words, line) => (tickvals[at] % strides[line] ? "" : words)))
  const kept = tickvals.map((_value, at) => at).filter((at) => shown[at].some(Boolean))
  return {
    ...axis,
    tickvals: kept.map((at) => tickvals[at]),
    ticktext: kept.map((at) => shown[at].join("<br>")),
    every: { tickvals, ticktext },
  }
}

const thinned = (layout, width, height) => {
  const { l = 80, r = 80, t = 100, b = 80 } = layout.margin ?? {}
  const axes = Object.entries(layout).filter(([name]) => /^[xy]axis\d*$/.test(name))
  const across = (name) => name.startsWith("x")
  const room = (name) => (across(name) ? width - l - r : height - t - b)
  const font = layout.font?.family ?? "sans-serif"
  const found = axes.map(([name, axis]) => [name, thinnedAxis(axis, across(name), room(name), font)])
  return { ...layout, ...Object.fromEntries(found) }
}

// Hides each label of a point, and each mark of a bar, that has no room beside those drawn above it. The point stays.
const thinPoints = (plot) => {
  const marks = [...plot.querySelectorAll(".annotation")].filter(
    (one) => plot._fullLayout.annotations[one.dataset.index]?.xref === "x",
  )
  const labels = [
    ...plot.querySelectorAll(".scatterlayer .textpoint text"),
    ...marks.map((one) => one.querySelector(".annotation-text")),
  ]
  for (const one of labels) one.style.visibility = ""
  const boxes = labels.map((one) => one.getBoundingClientRect())
  const apart = (one, other) =>
    one.right <= other.left || other.right <= one.left || one.bottom <= other.top || other.bottom <= one.top
  const shown = []
  for (let at = labels.length - 1; at >= 0; at -= 1) {
    if (shown.every((other) => apart(boxes[at], other))) shown.push(boxes[at])
    else labels[at].style.visibility = "hidden"
  }
}
