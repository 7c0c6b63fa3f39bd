// Paints the cells of a heatmap over Plotly's own while the film plays. Plotly lays the whole chart out anew for every
// number that moved, and so holds the page up for longer than a frame; it draws again once the film rests.
//
// What this file leans on in Plotly's chart: the group .hm of each heatmap with its g.heatmap-label, row by row;
// calcdata, which hover labels are read from, with the edges of the cells; _fullLayout and its axes' c2p.

const DARK_BRIGHTNESS = 128

// The numbers of one of Plotly's typed arrays of float32.
const numbers = ({ bdata }) => new Float32Array(Uint8Array.from(atob(bdata), (letter) => letter.charCodeAt(0)).buffer)

const floats = (typed) => {
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

const drawCells = (plot, group, at) => {
  const { xaxis, yaxis, xgap, ygap } = plot._fullData[at]
  const [across, down] = [xaxis, yaxis].map((name) => plot._fullLayout[`${name[0]}axis${name.slice(1)}`])
  const { x, y } = plot.calcdata[at][0]
  const [lefts, tops] = [x.map((edge) => Math.round(across.c2p(edge))), y.map((edge) => Math.round(down.c2p(edge)))]
  const cells = document.createElementNS("http://www.w3.org/2000/svg", "g")
  cells.classList.add("rnn-cells")
  for (let row = 0; row + 1 < tops.length; row += 1) {
    for (let column = 0; column + 1 < lefts.length; column += 1) {
      const cell = document.createElementNS("http://www.w3.org/2000/svg", "rect")
      cell.setAttribute("x", lefts[column] + Math.floor(xgap / 2))
      cell.setAttribute("y", tops[row] + Math.floor(ygap / 2))
      cell.setAttribute("width", Math.max(0, lefts[column + 1] - lefts[column] - xgap))
      cell.setAttribute("height", Math.max(0, tops[row + 1] - tops[row] - ygap))
      cells.append(cell)
    }
  }
  group.insertBefore(cells, group.querySelector(".heatmap-label"))
  return cells
}

// Paints the values of every heatmap of a chart; false, and nothing done, where only Plotly can.
const paintCells = (plot, data, layout) => {
  const groups = plot.querySelectorAll(".heatmaplayer .hm")
  const drawn = plot._fullLayout?.coloraxis
  const scale = layout.coloraxis
  const values = data.map((trace) => trace.type === "heatmap" && floats(trace.z))
  const paintable =
    drawn?.cmin === scale?.cmin && drawn?.cmax === scale?.cmax && groups.length === data.length && values.every(Boolean)
  if (!paintable || values.flat().some((row) => !row.every(Number.isFinite))) return false
  const labels = [...groups].map((group) => group.querySelectorAll(".heatmap-label text"))
  const sizes = values.map((rows) => rows.length * rows[0].length)
  if (labels.some((texts, at) => texts.length && texts.length !== sizes[at])) return false
  groups.forEach((group, at) => {
    const cells = group.querySelector(".rnn-cells") ?? drawCells(plot, group, at)
    const decimals = Number(/\.(\d)f/.exec(data[at].texttemplate)?.[1])
    plot.calcdata[at][0].z = values[at]
    values[at]
      .flatMap((row) => Array.from(row))
      .forEach((value, index) => {
        const share = Math.min(1, Math.max(0, (value - scale.cmin) / (scale.cmax - scale.cmin)))
        const color = colorAt(scale.colorscale, share)
        cells.children[index].style.fill = `rgb(${color.join()})`
        const label = labels[at][index]
        if (!label) return
        label.textContent = printed(value, decimals)
        label.style.fill = inkOn(color)
      })
  })
  return true
}

const forgetCells = (plot) => plot.querySelectorAll(".rnn-cells").forEach((cells) => cells.remove())
