// The figure of a cell as SVG: cards with what comes in and what is computed, and the wires between them. Stepping
// through it and pointing only change classes and text. The typeset equation of the step stands above the figure, in a
// container of the page: this file says which of them is shown.

const COMPUTES_EVERY_MS = 1400
const INSET = 8 // of a card, in px
const STRIP = { y: 25, height: 17 }
const BAR = { y: 65, height: 7 }

const reachedSteps = new Map() // by name: the step that is shown, and of how many

const drawCell = (root, data, pick) => {
  const { parts, wires, out, size, unit, reaches, theme, words } = data
  const [width, height] = data.card
  const byId = new Map(parts.map((part) => [part.id, part]))
  const values = new Map(parts.map((part) => [part.id, numbers(part.values)]))
  const olds = new Map(parts.filter((part) => part.before).map((part) => [part.id, numbers(part.before)]))
  const steps = parts.filter((part) => part.order)
  const held = reachedSteps.get(data.name)
  let at = held?.of === steps.length ? held.at : steps.length
  const after = follower(wires.map(({ source, target }) => [source, target]))
  const before = follower(wires.map(({ source, target }) => [target, source]))

  // --- controls ---
  const focused = root.contains(document.activeElement) ? document.activeElement.className : ""
  const scrolled = root.querySelector(".rnn-canvas")?.scrollLeft ?? 0
  root.replaceChildren()
  const controls = root.appendChild(html("div", "rnn-reading"))
  button(controls, "rnn-back", "◀", words.back, () => go(at - 1))
  const playing = button(controls, "rnn-read", words.play, words.play, () => (timer ? rest() : play()))
  button(controls, "rnn-ahead", "▶", words.ahead, () => go(at + 1))
  const told = controls.appendChild(html("span", "rnn-step"))
  told.setAttribute("role", "status")
  controls.append(html("span", "rnn-legend", words.legend))
  const box = root.appendChild(html("div", "rnn-canvas"))
  box.tabIndex = 0
  box.setAttribute("role", "group")
  const svg = box.appendChild(make("svg", { viewBox: `0 0 ${size.join(" ")}`, "aria-hidden": "true" }))
  svg.style.width = `calc(${size[0]} * var(--px))`
  svg.style.height = `calc(${size[1]} * var(--px))`
  svg.append(arrowhead("rnn-wire-end"))
  const tip = root.appendChild(html("div", "rnn-tip"))
  tip.hidden = true

  offerPicture(root, svg, data.name)

  // --- wires ---
  const colored = (node, axis, property = "stroke") => {
    node.style[property] = theme.axis[axis]
    return node
  }
  const drawnPath = (points) => `M${points.map((point) => point.join(" ")).join("L")}`
  const lines = wires.map(({ source, target, axis, points }) => {
    // What runs through the cell state is wide.
    const wide = source === "c" || source === "kept" || (target === "kept" && byId.get(source).order === 0)
    const line = make("path", {
      d: drawnPath(points),
      class: wide ? "rnn-wire rnn-wide" : "rnn-wire",
      "data-from": source,
      "data-to": target,
      "marker-end": "url(#rnn-wire-end)",
    })
    return { path: svg.appendChild(colored(line, axis)), source, target }
  })
  const leaving = out.map(({ source, points, lines: said }) => {
    const group = svg.appendChild(make("g", { class: "rnn-out" }))
    group.append(
      colored(
        make("path", {
          d: drawnPath(points),
          class: source === "c" ? "rnn-wire rnn-wide" : "rnn-wire",
          "marker-end": "url(#rnn-wire-end)",
        }),
        "H",
      ),
    )
    said.forEach((line, index) =>
      group.append(
        make(
          "text",
          { x: points[1][0] + 6, y: points[1][1] + (said[1] ? 19 * index - 5 : 4), class: "rnn-small" },
          line,
        ),
      ),
    )
    return { group, source }
  })

  // --- cards ---
  // A gate, and a one-hot input, has the scale 0…1, whatever the other numbers are; c and what adds up to it have a
  // scale of their own around 0, and all else another one.
  const inUnit = ({ id, axis, does }) => does === "σ" || (id === "x" && axis === "V")
  const ofCell = new Set(byId.has("c") ? ["c_prev", "c", "kept", "written"] : [])
  const paint = (cell, part, value) => {
    const [unitScale, reach] = [inUnit(part), reaches[ofCell.has(part.id) ? "c" : "h"]]
    const share = unitScale ? value : (value + reach) / (2 * reach)
    const within = Number.isFinite(value) ? Math.min(1, Math.max(0, share)) : unitScale ? 0 : 0.5
    cell.style.fill = `rgb(${colorAt(unitScale ? theme.unit : theme.scale, within).join()})`
  }
  const strip = (group, part, [x, y], vector, top, tall, kind) => {
    const wide = (width - 2 * INSET) / vector.length
    vector.forEach((value, index) => {
      const place = {
        x: x + INSET + index * wide,
        y: y + top,
        width: wide,
        height: tall,
        class: `rnn-cell ${kind}`,
        "data-unit": index,
        "data-part": part.id,
      }
      const cell = group.appendChild(make("rect", place))
      if (wide < 4) cell.classList.add("rnn-fine")
      paint(cell, part, value)
    })
    if (part.id === "x") return
    const chosen = { x: x + INSET + unit * wide, y: y + top, width: wide, height: tall }
    group.append(make("rect", { ...chosen, class: "rnn-halo" }), make("rect", { ...chosen, class: "rnn-chosen" }))
  }
  // Bars of the chosen unit, at one scale: what a gate lets through of the whole, and what adds up to a sum. A summand
  // has the same colour in its own bar and in the sum's.
  const sums = parts.filter(({ does }) => does === "+")
  const summands = sums.flatMap(({ sources }) => sources)
  const axisOf = new Map(parts.map(({ id, axis }) => [id, axis]))
  for (const {
    sources: [first, second],
  } of sums)
    if (axisOf.get(first) === axisOf.get(second)) axisOf.set(second, "G")
  const barred = [
    ...summands,
    ...parts
      .filter(({ does, scales }) => scales || does === "+")
      .flatMap(({ id, scales }) => (scales ? [id, scales] : [id])),
  ]
  const longest = Math.max(1e-6, ...barred.map((id) => Math.abs(values.get(id)[unit])).filter(Number.isFinite))
  const bar = (group, [x, y], from, to, axis) => {
    const half = (width - 2 * INSET) / 2
    const [low, high] = [from, to]
      .map((value) => x + width / 2 + (Number.isFinite(value) ? value / longest : 0) * half)
      .sort((a, b) => a - b)
    const drawn = group.appendChild(
      make("rect", { x: low, y: y + BAR.y, width: high - low, height: BAR.height, class: "rnn-bar" }),
    )
    if (axis) colored(drawn, axis, "fill")
    else drawn.classList.add("rnn-whole")
  }
  const cards = new Map()
  for (const part of parts) {
    const {
      id,
      at: [x, y],
      does,
      order,
      axis,
      note,
      gate,
    } = part
    const [vector, old] = [values.get(id), olds.get(id)]
    const group = svg.appendChild(make("g", { class: "rnn-part", "data-part": id }))
    if (old) group.classList.add("rnn-moved")
    if (gate) group.classList.add("rnn-opens")
    const frame = group.appendChild(colored(make("rect", { x, y, width, height, rx: 6, class: "rnn-card" }), axis))
    if (!order) frame.classList.add("rnn-given")
    if (order)
      group.append(
        make("circle", { cx: x + 14, cy: y + 13, r: 9, class: "rnn-badge" }),
        make("text", { x: x + 14, y: y + 17, class: "rnn-order" }, order),
      )
    group.append(
      colored(make("text", { x: x + (order ? 27 : INSET), y: y + 18, class: "rnn-title" }, part.name), axis, "fill"),
    )
    group.append(
      make(
        "text",
        { x: x + width - INSET, y: y + 18, class: "rnn-does" },
        order ? does.replace("W", "") : id === "x" ? "" : note,
      ),
    )
    if (old) strip(group, part, [x, y], old, STRIP.y, STRIP.height / 2 - 0.5, "rnn-old")
    strip(
      group,
      part,
      [x, y],
      vector,
      STRIP.y + (old ? STRIP.height / 2 + 0.5 : 0),
      STRIP.height / (old ? 2 : 1),
      "rnn-new",
    )
    const value =
      id === "x"
        ? note
        : old && Math.abs(old[unit] - vector[unit]) > 5e-5
          ? `${printed(old[unit])} → ${printed(vector[unit])}`
          : printed(vector[unit])
    const shown = group.appendChild(make("text", { x: x + width / 2, y: y + 59, class: "rnn-number" }, value))
    if (value.length > 9) shown.classList.add("rnn-long")
    if (does === "σ") {
      const whole = { x: x + INSET, y: y + BAR.y, width: width - 2 * INSET, height: BAR.height }
      const open = { ...whole, width: whole.width * (Math.min(1, Math.max(0, vector[unit])) || 0), class: "rnn-bar" }
      group.append(make("rect", { ...whole, class: "rnn-bar rnn-whole" }), colored(make("rect", open), "G", "fill"))
    } else if (part.scales || does === "+" || summands.includes(id)) {
      if (part.scales) bar(group, [x, y], 0, values.get(part.scales)[unit])
      if (does === "+") {
        const [first, second] = part.sources.map((source) => values.get(source)[unit])
        bar(group, [x, y], 0, first, axisOf.get(part.sources[0]))
        bar(group, [x, y], first, first + second, axisOf.get(part.sources[1]))
      } else bar(group, [x, y], 0, vector[unit], axisOf.get(id))
      const [zero, top] = [x + width / 2, y + BAR.y - 3]
      group.append(make("line", { x1: zero, x2: zero, y1: top, y2: top + BAR.height + 6, class: "rnn-zero" }))
    }
    cards.set(id, group)
  }

  // --- stepping ---
  const light = () => {
    for (const [id, group] of cards) {
      const { order } = byId.get(id)
      group.classList.toggle("rnn-done", order <= at)
      group.classList.toggle("rnn-now", order === at)
    }
    for (const { path, target } of lines) {
      path.classList.toggle("rnn-done", byId.get(target).order <= at)
      path.classList.toggle("rnn-now", byId.get(target).order === at)
    }
    for (const { group, source } of leaving) group.classList.toggle("rnn-done", byId.get(source).order <= at)
    const part = steps[at - 1]
    told.textContent = filled(words.step, { order: at, count: steps.length, name: part.name })
    box.setAttribute(
      "aria-label",
      filled(words.alt, { step: told.textContent, unit, value: printed(values.get(part.id)[unit]) }),
    )
    // It holds the equations; for a moment, while the page moves, another.
    const diagram = root.closest(".st-key-cell_diagram")
    if (diagram) diagram.dataset.step = at
    const { left, right } = cards.get(part.id).getBoundingClientRect()
    const frame = box.getBoundingClientRect()
    if (left < frame.left) box.scrollLeft += left - frame.left
    if (right > frame.right) box.scrollLeft += right - frame.right
  }
  let timer
  const go = (step) => {
    at = Math.max(1, Math.min(steps.length, step))
    reachedSteps.set(data.name, { at, of: steps.length })
    light()
  }
  const rest = () => {
    clearInterval(timer)
    timer = undefined
    playing.textContent = words.play
  }
  const play = () => {
    go(at === steps.length ? 1 : at + 1)
    playing.textContent = words.pause
    timer = setInterval(() => (at === steps.length ? rest() : go(at + 1)), COMPUTES_EVERY_MS)
  }

  // --- pointing ---
  const point = (id, index, near) => {
    svg.classList.toggle("rnn-pointing", id !== undefined)
    tip.hidden = id === undefined
    if (id === undefined) return
    lightWays(id, cards, lines, before, after)
    const part = byId.get(id)
    const which = index ?? (id === "x" ? undefined : unit)
    const now = which === undefined ? part.note : signed(values.get(id)[which])
    const was = which !== undefined && olds.has(id) ? `${signed(olds.get(id)[which])} → ` : ""
    tip.textContent =
      which === undefined
        ? `${part.name}: ${now}`
        : `${part.name}, ${filled(id === "x" ? words.column : words.unit, { unit: which })} = ${was}${now}`
    if (part.gate && index === undefined) tip.textContent += `\n${words.opens}`
    placeTip(tip, root, near)
  }
  const found = ({ target }) => {
    const group = target.closest(".rnn-part")
    const index = target.dataset?.unit
    return (
      group && {
        id: group.dataset.part,
        index: index === undefined ? undefined : Number(index),
        near: index === undefined ? group : target,
      }
    )
  }
  svg.addEventListener("pointermove", (event) => {
    const place = found(event)
    point(place?.id, place?.index, place?.near)
  })
  svg.addEventListener("pointerleave", () => point())
  const open = (id, index) => {
    const part = byId.get(id)
    if (index === undefined && part.order) go(part.order)
    if (index !== undefined || part.gate) pick({ part: id, index: index ?? null })
    if (index === undefined && part.gate)
      keyed("gate_opened")?.scrollIntoView({
        block: "start",
        behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth",
      })
  }
  svg.addEventListener("click", (event) => {
    const place = found(event)
    if (place) open(place.id, place.index)
  })
  box.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return
    if (way) go(at + way)
    else if (event.key === "Enter") open(steps[at - 1].id)
    else return
    event.preventDefault()
    event.stopPropagation()
  })

  box.scrollLeft = scrolled
  light()
  if (focused) root.querySelector(`.${focused.split(" ").at(-1)}`)?.focus({ preventScroll: true })
  return { update() {}, close: () => clearInterval(timer) }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".rnn-cell-figure")
  return feed.mount(data, () => drawCell(root, data, (place) => setTriggerValue("picked", place)))
}
