// Charts, text and the prediction table: drawn whole when mounted, and moved in place while training plays. A feed
// brings every mounted thing it names up to date. What people typed is set as text only, never as markup.

const RESTS_MS = 700 // without a frame: the film has come to rest

// What this file leans on in Streamlit's page: window.__streamlit, which server/page_head.py sets.
const served = (path) => {
  const base = window.__streamlit?.BACKEND_BASE_URL ?? location.origin
  return new URL(path, base.endsWith("/") ? base : `${base}/`)
}

let plotly
const loadPlotly = (version) =>
  (plotly ??= new Promise((resolve, reject) => {
    const script = document.createElement("script")
    script.src = served(`assets/plotly.min.js?v=${version}`)
    script.onload = () => resolve(window.Plotly)
    script.onerror = () => {
      plotly = undefined
      reject(new Error(`${script.src} did not load`))
    }
    document.head.append(script)
  }))

const element = (tag, className, text) => {
  const node = document.createElement(tag)
  if (className) node.className = className
  if (text !== undefined) node.textContent = text
  return node
}

const isTree = (value) => value && typeof value === "object" && !Array.isArray(value) && !("bdata" in value)

const merged = (whole, part) => {
  const result = { ...whole }
  for (const [name, value] of Object.entries(part)) {
    result[name] = isTree(value) ? merged(whole[name] ?? {}, value) : value
  }
  return result
}

// One chart is drawn in one animation frame, the topmost first: three at once would hold the page up for longer than a
// person notices.
const waiting = new Map() // what draws → its place
let drawing = false
const drawNext = async () => {
  const above = ([, place], [, other]) =>
    place.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1
  const [[draw] = []] = [...waiting].sort(above)
  waiting.delete(draw)
  try {
    await draw?.()
  } finally {
    drawing = waiting.size > 0
    if (drawing) requestAnimationFrame(drawNext)
  }
}
const drawSoon = (draw, place) => {
  waiting.set(draw, place)
  if (!drawing) requestAnimationFrame(drawNext)
  drawing = true
}

// The sheet loading.css keeps places for what is still to come. It is dear, and off while nothing is.
const RESTED_MS = 500
let rested
const keepPlaces = () => {
  const sheet = document.getElementById("loading")?.sheet
  if (!sheet) return
  clearTimeout(rested)
  if (document.querySelector('[class*="_plot "]:not([data-drawn])')) sheet.disabled = false
  else rested = setTimeout(() => (sheet.disabled = true), RESTED_MS)
}

// A figure comes in the pixels of a desk; where its place is larger, every length in it grows alike.
const LENGTHS = new Set(
  "height width l r t b size thickness len xpad ypad xshift yshift standoff ticklabelstandoff xgap ygap".split(" "),
)
const scaled = (value, by, name) => {
  if (Array.isArray(value)) return value.map((part) => (isTree(part) ? scaled(part, by) : part))
  if (isTree(value)) return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, scaled(part, by, key)]))
  if (typeof value !== "number" || !LENGTHS.has(name)) return value
  return name === "ticklabelstandoff" ? Math.round(value * by) : value * by // Plotly takes whole numbers only here
}

// Plotly leaves an open hover label as it is when the data under it change: it is drawn again from the new ones.
const hovers = new WeakMap() // by chart: the event that opened the label, and its axes
const followHover = (plot) => {
  plot.removeAllListeners("plotly_hover")
  plot.removeAllListeners("plotly_unhover")
  plot.on("plotly_hover", ({ event, points: [{ xaxis, yaxis }] }) => {
    if (event?.isTrusted) hovers.set(plot, { event, axes: `${xaxis._id}${yaxis._id}` })
  })
  plot.on("plotly_unhover", () => hovers.delete(plot))
  hoverAgain(plot)
}
const hoverAgain = (plot) => {
  const open = hovers.get(plot)
  if (open) window.Plotly.Fx.hover(plot, open.event, open.axes)
}

const rem = () => parseFloat(getComputedStyle(document.documentElement).fontSize)

const chart = (root, figure, pick) => {
  const plot = root.querySelector(".rnn-plot") ?? root.appendChild(element("div", "rnn-plot"))
  let { data, layout, alt } = figure
  const touched = matchMedia("(pointer: coarse)").matches ? { dragmode: false } : {} // a finger scrolls the page
  const place = root.closest(`.st-key-${figure.name}`) // its own: one that is on its way out may have the same name
  const inPlace = () => {
    const { clientWidth: width, clientHeight: height } = place
    const sizes = scaled({ data: withTexts(data, layout), layout }, layout.height ? height / layout.height : rem() / 16)
    return { data: sizes.data, layout: { ...thinned(sizes.layout, width, height), width, height, autosize: false } }
  }
  const draw = async () => {
    const Plotly = await loadPlotly(figure.plotly)
    await document.fonts.load(`1rem ${layout.font.family}`).catch(() => []) // labels are measured in it
    if (!place.clientWidth) return
    const drawn = inPlace()
    plot.setAttribute("role", "img")
    plot.setAttribute("aria-label", alt)
    await Plotly.react(plot, drawn.data, { ...drawn.layout, ...touched }, { displayModeBar: false, responsive: false })
    offerChart(root, plot, figure.name, Plotly, inPlace)
    thinPoints(plot)
    forgetCells(plot)
    plot.removeAllListeners("plotly_click")
    followHover(plot)
    if (figure.picks) {
      plot.on("plotly_click", ({ points: [{ curveNumber: panel, x: column, y: row }] }) => pick({ panel, column, row }))
    }
    plot.classList.toggle("rnn-picks", figure.picks)
    if ("drawn" in place.dataset) return
    place.dataset.drawn = ""
    keepPlaces()
  }
  const soon = () => drawSoon(draw, place)
  let resting
  const show = () => {
    clearTimeout(resting)
    if (!paintCells(plot, data, layout)) return draw()
    hoverAgain(plot)
    plot.setAttribute("aria-label", alt)
    resting = setTimeout(soon, RESTS_MS)
  }
  const observer = new ResizeObserver(soon)
  observer.observe(place)
  keepPlaces()
  soon()
  return {
    update(patch) {
      data = data.map((trace, index) => ({ ...trace, ...(patch.data?.[index] ?? {}) }))
      layout = merged(layout, patch.layout ?? {})
      alt = patch.alt ?? alt
      drawSoon(show, place)
    },
    close() {
      clearTimeout(resting)
      waiting.delete(draw)
      waiting.delete(show)
      observer.disconnect()
    },
  }
}

// A screen reader announces a line RESTS_MS after it is mounted with other words, and while frames change it at most
// every SAID_EVERY_MS. The time between two frames is no sign that the last one is there: on a busy server it is long.
const SAID_EVERY_MS = 5000
const text = (root, { text: words }) => {
  const line = root.querySelector(".rnn-text") ?? root.appendChild(element("p", "rnn-text"))
  const said = root.querySelector(".rnn-said") ?? root.appendChild(element("span", "rnn-said"))
  said.setAttribute("role", "status")
  let saidAt = performance.now()
  let timer
  const say = () => {
    timer = undefined
    saidAt = performance.now()
    said.textContent = line.textContent
  }
  const show = (shown) => {
    if (line.textContent === shown) return
    line.textContent = shown
    timer ??= setTimeout(say, Math.max(0, SAID_EVERY_MS - (performance.now() - saidAt)))
  }
  line.textContent = words
  if (said.textContent !== words) timer = setTimeout(say, RESTS_MS) // also what an earlier mount left unsaid
  return {
    update: (patch) => show(patch.text),
    close: () => clearTimeout(timer),
  }
}

const tokens = (line, errors, words) => {
  const said = new Map(errors)
  const row = element("span", "rnn-line")
  line.forEach((asked, step) => {
    const wrong = said.has(step)
    const cell = element("span", wrong ? "rnn-token rnn-wrong" : "rnn-token", wrong ? said.get(step) : asked)
    if (wrong) cell.title = `${step}: ${said.get(step)} (${words.target} ${asked})`
    row.append(cell)
  })
  return row
}

const table = (root, { targets, words, rows }) => {
  const grid = root.querySelector("table") ?? root.appendChild(element("table", "rnn-table"))
  root.tabIndex = 0
  root.setAttribute("role", "region")
  root.setAttribute("aria-label", words.prediction)
  const head = element("thead")
  const titles = element("tr")
  for (const name of ["epoch", "loss", "right"]) titles.append(element("th", "rnn-number", words[name]))
  const aligned = element("th")
  aligned.append(element("span", "rnn-target", words.target))
  for (const line of targets) aligned.append(tokens(line, [], words))
  titles.append(aligned)
  head.append(titles)
  const body = element("tbody")
  grid.replaceChildren(head, body)
  const fill = (entries) => {
    body.replaceChildren(
      ...entries.map(({ epoch, loss, right, errors }) => {
        const row = element("tr")
        for (const value of [epoch, loss, right]) row.append(element("td", "rnn-number", value))
        const cell = element("td")
        targets.forEach((line, index) => cell.append(tokens(line, errors[index], words)))
        row.append(cell)
        return row
      }),
    )
  }
  fill(rows)
  return { update: (patch) => fill(patch.rows), close() {} }
}

const kinds = { chart, text, table, steps }

export default function (component) {
  const { data, parentElement } = component
  const root = parentElement.querySelector(".rnn-live")
  root.classList.add(`rnn-${data.kind}-root`)
  return feed.mount(data, () =>
    kinds[data.kind](root, data, (place) => component.setTriggerValue("picked", place)),
  )
}
