// Tick labels thinned out to as many as there is room for, in the size in which a chart is drawn.

const LABEL_GAP_PX = 3
const LINE_HEIGHT = 1.2 // of the size of its letters
const ROUND = [1, 2, 5]

const everyKth = (room, pitch) => {
  for (let power = 1; power < 1e6; power *= 10) for (const k of ROUND) if (k * power * pitch >= room) return k * power
  return 1
}

let ruler
const widthOf = (words, font, size) => {
  ruler ??= document.createElement("canvas").getContext("2d")
  ruler.font = `${size}px ${font}`
  return ruler.measureText(words.replace(/&#?\w+;/g, "m").replace(/<[^>]*>/g, "")).width
}

// The labels of an axis with one at every whole number, each line of them by itself: a letter needs less than a number.
const thinnedAxis = (axis, across, px, font) => {
  const { tickvals, ticktext, range, domain = [0, 1], tickfont } = axis
  const ends = range ?? [tickvals?.[0] - 0.5, tickvals?.at(-1) + 0.5]
  if (!Array.isArray(ticktext) || tickvals.some((at, index) => at !== tickvals[0] + index)) return axis
  const pitch = (px * (domain[1] - domain[0])) / Math.abs(ends[1] - ends[0])
  const size = tickfont?.size ?? 12
  const rows = ticktext.map((label) => label.split("<br>"))
  const every = Array.from({ length: Math.max(...rows.map((lines) => lines.length)) }, (_, line) => {
    const room = across
      ? Math.max(...rows.map((lines) => widthOf(lines[line] ?? "", font, size)))
      : size * LINE_HEIGHT - LABEL_GAP_PX
    return everyKth(room + LABEL_GAP_PX, pitch)
  })
  if (every.every((k) => k === 1)) return axis
  const kept = (lines, at) => lines.map((words, line) => (tickvals[at] % every[line] ? "" : words))
  const shown = rows.map((lines, at) => kept(lines, at).join("<br>"))
  return { ...axis, ticktext: shown }
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
