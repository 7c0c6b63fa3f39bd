// Numbers as Plotly's typed arrays carry them, the text of a number, and the colours of a cell.

// The numbers of a typed array of floats.
const numbers = ({ bdata, dtype }) =>
  new (dtype === "f8" ? Float64Array : Float32Array)(
    Uint8Array.from(atob(bdata), (letter) => letter.charCodeAt(0)).buffer,
  )

// The same, row by row; null for anything else.
const matrix = (typed) => {
  const { dtype, shape } = typed
  if (!["f4", "f8"].includes(dtype) || !shape) return null
  const values = numbers(typed)
  const columns = Number(shape.split(",")[1])
  return Array.from({ length: values.length / columns }, (_row, at) =>
    values.subarray(at * columns, (at + 1) * columns),
  )
}

const channels = (color) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16))

// The colour at a share of a scale [[0, "#…"], …, [1, "#…"]].
const colorAt = (scale, share) => {
  const after = Math.max(
    1,
    scale.findIndex(([stop]) => share <= stop),
  )
  const [[low, from], [high, to]] = [scale[after - 1], scale[after]]
  const part = (share - low) / (high - low)
  const ends = channels(to)
  return channels(from).map((channel, at) => Math.round(channel + part * (ends[at] - channel)))
}

// The relative luminance of a colour, and the ink with the better contrast: black or white has 4.58 at least (WCAG 2).
const luminance = (color) =>
  color
    .map((channel) => channel / 255)
    .map((share) => (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4))
    .reduce((sum, light, at) => sum + light * [0.2126, 0.7152, 0.0722][at], 0)
const inkOn = (color) => ((luminance(color) + 0.05) ** 2 < 1.05 * 0.05 ? "#fff" : "#000")

// rnn_core/numbers.py in the browser: `printed` is its format_number, `signed` its format_significant. A test compares
// the two, so that a number has one text wherever it is printed.
const MINUS = "−"
const longest = (decimals) => Math.max(decimals + 4, 6)
const exponential = (size, places) => size.toExponential(places).replace("e+", "e").replace("-", MINUS)
const trimmed = (text) => (text.includes(".") ? text.replace(/0+$/, "").replace(/\.$/, "") : text)
const notFinite = (value, plus) => (Number.isNaN(value) ? "nan" : `${value < 0 ? MINUS : plus ? "+" : ""}inf`)
const signOf = (value, text, plus) => (value < 0 && /[1-9]/.test(text) ? MINUS : plus ? "+" : "")

const printed = (value, decimals = 4, plus = false) => {
  if (!Number.isFinite(value)) return notFinite(value, plus)
  const [room, size] = [longest(decimals) - 1, Math.abs(value)]
  const places = Array.from({ length: decimals + 1 }, (_place, at) => decimals - at)
  const fits = (text) => text.length <= room
  const fixed = size < 10 ** room ? places.map((place) => size.toFixed(place)).find(fits) : undefined
  const text = fixed ?? places.map((place) => exponential(size, place)).find(fits)
  return signOf(value, text, plus) + text
}

const signed = (value, digits = 9, width = Infinity) => {
  if (!Number.isFinite(value)) return notFinite(value, false)
  const size = Math.abs(value)
  const sign = value < 0 ? MINUS : ""
  for (let count = digits; count > 0; count -= 1) {
    const [mantissa, power] = size.toExponential(count - 1).split("e")
    const plain = power >= -4 && power < Math.max(5, count)
    const text = plain ? trimmed(size.toFixed(Math.max(0, count - 1 - power))) : `${trimmed(mantissa)}e${power}`
    const whole = sign + text.replace("e+", "e").replace("e-", `e${MINUS}`)
    if (whole.length <= width) return whole
  }
  return sign + exponential(size, 0)
}
