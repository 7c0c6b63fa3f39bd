// Paints the cells of a heatmap over Plotly's own while the film plays. Plotly lays the whole chart out anew for every
// number that moved, and so holds the page up for longer than a frame; it draws again once the film rests.
//
// What this file leans on in Plotly's chart: the group .hm of each heatmap with its g.heatmap-label, row by row;
// calcdata, which hover labels are read from, with the edges of the cells; _fullLayout and its axes' c2p.

const decimalsOf = ({ texttemplate }) => Number(/\.(\d)f/.exec(texttemplate)?.[1])
const colorIn = ({ colorscale, low, high }, value) =>
  colorAt(colorscale, Math.min(1, Math.max(0, (value - low) / (high - low))))

// The traces with the text of each cell as `printed` has it, in an ink that can be read. Plotly's own text of a number
// can be of any length, and its two inks have too little contrast with colours of medium brightness.
const withTexts = (data, { coloraxis }) =>
  data.map((trace) => {
    if (trace.type !== "heatmap" || !trace.texttemplate) return trace
    const { colorscale, cmin: low, cmax: high } = coloraxis ?? { ...trace, cmin: trace.zmin, cmax: trace.zmax }
    const decimals = decimalsOf(trace)
    const text = matrix(trace.z)?.map((row, at) =>
      Array.from(row, (value, column) => {
        const words = Number.isNaN(decimals) ? trace.text[at][column] : printed(value, decimals)
        const none = words === "" || !Number.isFinite(value) // a cell without a value has no colour either
        return none ? "" : `<span style="color:${inkOn(colorIn({ colorscale, low, high }, value))}">${words}</span>`
      }),
    )
    return text ? { ...trace, text, texttemplate: "%{text}" } : trace
  })

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
  const values = data.map((trace) => trace.type === "heatmap" && matrix(trace.z))
  const paintable =
    drawn?.cmin === scale?.cmin && drawn?.cmax === scale?.cmax && groups.length === data.length && values.every(Boolean)
  if (!paintable || values.flat().some((row) => !row.every(Number.isFinite))) return false
  const labels = [...groups].map((group) => group.querySelectorAll(".heatmap-label text"))
  const sizes = values.map((rows) => rows.length * rows[0].length)
  if (labels.some((texts, at) => texts.length && texts.length !== sizes[at])) return false
  groups.forEach((group, at) => {
    const cells = group.querySelector(".rnn-cells") ?? drawCells(plot, group, at)
    const decimals = decimalsOf(data[at])
    plot.calcdata[at][0].z = values[at]
    values[at]
      .flatMap((row) => Array.from(row))
      .forEach((value, index) => {
        const color = colorIn({ colorscale: scale.colorscale, low: scale.cmin, high: scale.cmax }, value)
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
