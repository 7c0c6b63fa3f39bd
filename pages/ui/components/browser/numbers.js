// Numbers as Plotly's typed arrays carry them, as it prints them, and in its colours.

const DARK_BRIGHTNESS = 128

// The numbers of a typed array of float32.
const numbers = ({ bdata }) => new Float32Array(Uint8Array.from(atob(bdata), (letter) => letter.charCodeAt(0)).buffer)

// The same, row by row; null for anything else.
const matrix = (typed) => {
  const { dtype, shape } = typed
  if (dtype !== "f4" || !shape) return null
  const values = numbers(typed)
  const columns = Number(shape.split(",")[1])
  return Array.from({ length: values.length / columns }, (_row, at) => values.subarray(at * columns, (at + 1) * columns))
}

const channels = (color) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16))

// The colour at a share of a scale [[0, "#…"], …, [1, "#…"]].
const colorAt = (scale, share) => {
  const after = Math.max(1, scale.findIndex(([stop]) => share <= stop))
  const [[low, from], [high, to]] = [scale[after - 1], scale[after]]
  const part = (share - low) / (high - low)
  const ends = channels(to)
  return channels(from).map((channel, at) => Math.round(channel + part * (ends[at] - channel)))
}

const inkOn = ([red, green, blue]) =>
  (299 * red + 587 * green + 114 * blue) / 1000 < DARK_BRIGHTNESS ? "#fff" : "#444" // Plotly's own two

// As Plotly prints it: what rounds to 0 has no sign.
const printed = (value, decimals) => {
  const text = value.toFixed(decimals)
  return Number(text) === 0 ? text.replace("-", "") : text
}
