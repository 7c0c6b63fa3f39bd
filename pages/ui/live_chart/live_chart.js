// Charts, text and the prediction table that move while training plays. A mount draws a thing whole; a feed brings
// every mounted thing it names up to date. What people typed is set as text only, never as markup.

const mounted = (window.__rnnExplorerLive ??= new Map()) // name → {node, update(patch)}

// The feed is a hidden line of text, the JSON of {name: patch}: whatever is new is handed to what is mounted.
const readFeed = () => {
  const line = document.querySelector(".st-key-feed [data-testid=stText]")?.textContent
  if (line && line !== window.__rnnExplorerLastFeed) {
    window.__rnnExplorerLastFeed = line
    for (const [name, patch] of Object.entries(JSON.parse(line))) mounted.get(name)?.update(patch)
  }
  window.__rnnExplorerReader = mounted.size ? requestAnimationFrame(readFeed) : undefined
}

const loadPlotly = (version) =>
  (window.__rnnExplorerPlotly ??= new Promise((resolve, reject) => {
    const base = window.__streamlit?.BACKEND_BASE_URL ?? location.origin
    const script = document.createElement("script")
    script.src = new URL(`assets/plotly.min.js?v=${version}`, base.endsWith("/") ? base : `${base}/`)
    script.onload = () => resolve(window.Plotly)
    script.onerror = () => {
      window.__rnnExplorerPlotly = undefined
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

const merged = (whole, part) => {
  const result = { ...whole }
  for (const [name, value] of Object.entries(part)) {
    const nested = value && typeof value === "object" && !Array.isArray(value) && !("bdata" in value)
    result[name] = nested ? merged(whole[name] ?? {}, value) : value
  }
  return result
}

const chart = (root, figure) => {
  const { plotly } = figure
  const plot = root.querySelector(".rnn-plot") ?? root.appendChild(element("div", "rnn-plot"))
  let { data, layout, alt } = figure
  const natural = layout.width
  if (matchMedia("(pointer: coarse)").matches) layout = { ...layout, dragmode: false } // a finger scrolls the page
  let drawing = null
  let again = false
  const draw = async () => {
    if (drawing) {
      again = true
      return
    }
    drawing = (async () => {
      const Plotly = await loadPlotly(plotly)
      do {
        again = false
        const room = root.clientWidth
        if (!room) break
        plot.setAttribute("role", "img")
        plot.setAttribute("aria-label", alt)
        const width = natural ? Math.min(natural, room) : room
        await Plotly.react(plot, data, { ...layout, width, autosize: false }, { displayModeBar: false, responsive: false })
      } while (again)
    })()
    try {
      await drawing
    } finally {
      drawing = null
    }
  }
  plot.style.minHeight = `${layout.height}px`
  const observer = new ResizeObserver(draw)
  observer.observe(root)
  draw()
  return {
    update(patch) {
      data = data.map((trace, index) => ({ ...trace, ...(patch.data?.[index] ?? {}) }))
      layout = merged(layout, patch.layout ?? {})
      alt = patch.alt ?? alt
      draw()
    },
    close() {
      observer.disconnect()
    },
  }
}

const text = (root, { text: words }) => {
  const line = root.querySelector(".rnn-text") ?? root.appendChild(element("p", "rnn-text"))
  line.textContent = words
  return {
    update(patch) {
      line.textContent = patch.text
    },
    close() {},
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

const kinds = { chart, text, table }

export default function (component) {
  const { data, parentElement } = component
  const root = parentElement.querySelector(".rnn-live")
  root.classList.add(`rnn-${data.kind}-root`)
  mounted.get(data.name)?.close()
  const thing = kinds[data.kind](root, data)
  mounted.set(data.name, thing)
  window.__rnnExplorerReader ??= requestAnimationFrame(readFeed)
  return () => {
    thing.close()
    if (mounted.get(data.name) === thing) mounted.delete(data.name)
  }
}
