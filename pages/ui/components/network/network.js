// The unrolled network as SVG. It is drawn once; numbers, the head that reads and what is pointed at only change
// classes, colours and text, so that nothing of it asks the server. What people typed is set as text only, never as
// markup.

const READ_EVERY_MS = 700
const RESTS_MS = 400 // without a move of the head: it has come to rest
const SMALLEST_NUMBER_PX = 12 // of a row; below it a cell has its colour only
const ARROWS = { forward: "→", backward: "←" }
const DASHES = { solid: "", dash: "5 4" }

// The path of an arrow, from box to box.
const route = (from, to, { gap, between }) => {
  const [a, b] = [from, to].map(({ x, y, width, height }) => ({
    x,
    y,
    right: x + width,
    bottom: y + height,
    mid: x + width / 2,
    half: y + height / 2,
  }))
  if (from.band === to.band && from.level === to.level) {
    return to.column > from.column ? `M${a.right} ${a.half}H${b.x}` : `M${a.x} ${a.half}H${b.right}`
  }
  if (from.band === to.band && from.column !== to.column) {
    // From h to the c of the next step, which stands below the next h.
    const ahead = to.column > from.column
    const x = ahead ? a.right + gap * 0.5 : a.x - gap * 0.5
    return `M${ahead ? a.right : a.x} ${a.half}H${x}V${b.half}H${ahead ? b.x : b.right}`
  }
  if (from.band !== to.band) {
    // From line to line, beside the strips: down on the left, up on the right; c in a lane of its own.
    const down = b.y > a.y
    const lane = gap * (from.state === "c" ? 0.2 : 0.4)
    const x = down ? a.x - lane : a.right + lane
    return `M${down ? a.x : a.right} ${a.half}H${x}V${b.half}H${down ? b.x : b.right}`
  }
  if (Math.abs(to.level - from.level) === 1) return `M${a.mid} ${a.y}V${b.bottom}`
  // Past what is between: a forward state on the right, in a lane of its layer's; a token and a backward state on the
  // left. It enters its target on that side, beside what comes straight from below.
  const onRight = from.direction === "forward"
  const side = onRight ? a.right + gap * (from.layer % 2 ? 0.2 : 0.4) : a.x - gap * 0.3
  const into = b.mid + (onRight ? 0.25 : -0.25) * to.width
  return `M${a.mid} ${a.y}v${-between * 0.3}H${side}V${b.bottom + between * 0.35}H${into}V${b.bottom}`
}

const STRIPS = ["h_0", "h", "h_n", "c_0", "c", "c_n"]
const STATES = ["h", "c"] // of one step

const heads = new Map() // by name: where the head is, where the server was told that it rests, and what is pointed at

const draw = (root, data, tell) => {
  const { nodes, edges, sizes, words, units, tokens, theme, dashes } = data
  const [firstStep, endStep] = data.steps
  const within = (step) => Math.max(firstStep, Math.min(endStep - 1, step))
  const held = heads.get(data.name)
  let head = within(held?.told === data.head ? held.head : data.head) // what was moved meanwhile stays there
  let { reach, cell_reach: cellReach, said, cursor, head: asked } = data
  const { back } = data // whether it shows what the loss at the head asks of every state, in the place of the states
  let all = numbers(data.values)
  let values = all
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const numbered = sizes.row >= SMALLEST_NUMBER_PX && data.numbered

  // --- what leads to what ---
  const after = follower(edges)
  const before = follower(edges.map(([source, target]) => [target, source]))
  // A node is read once something that is said at a step up to the head depends on it.
  const readAt = new Map()
  for (let t = firstStep; t < endStep; t += 1) {
    for (const { id } of nodes.filter(({ kind, step }) => step === t && (kind === "said" || kind === "h"))) {
      for (const other of [id, ...reached(id, before)]) if (!readAt.has(other)) readAt.set(other, t)
    }
  }
  for (const { id, kind } of nodes)
    if (kind === "h_n" || kind === "c_n") readAt.set(id, Math.max(...before.get(id).map((one) => readAt.get(one))))

  // --- drawing ---
  const focused = root.contains(document.activeElement) ? document.activeElement.className : ""
  const scrolled = root.querySelector(".rnn-canvas")?.scrollLeft
  root.replaceChildren()
  const controls = root.appendChild(html("div", "rnn-reading"))
  button(controls, "rnn-back", "◀", words.back, () => go(head - 1))
  const playing = button(controls, "rnn-read", words.play, words.play, () => (timer ? rest() : play()))
  button(controls, "rnn-ahead", "▶", words.ahead, () => go(head + 1))
  const slider = controls.appendChild(html("input", "rnn-head"))
  Object.assign(slider, { type: "range", min: firstStep, max: endStep - 1, value: head })
  slider.setAttribute("aria-label", words.head)
  slider.hidden = endStep - firstStep < 2
  slider.oninput = () => go(Number(slider.value))
  const sentence = root.appendChild(html("p", "rnn-sentence"))
  sentence.setAttribute("role", "status")
  const box = root.appendChild(html("div", "rnn-canvas"))
  box.tabIndex = 0
  box.setAttribute("role", "group")
  const svg = box.appendChild(make("svg", { viewBox: `0 0 ${sizes.width} ${sizes.height}`, "aria-hidden": "true" }))
  svg.style.width = `calc(${sizes.width} * var(--px))`
  svg.style.height = `calc(${sizes.height} * var(--px))`
  const tip = root.appendChild(html("div", "rnn-tip"))
  tip.hidden = true
  svg.append(arrowhead("rnn-arrow"))

  const arrows = svg.appendChild(make("g", { class: "rnn-arrows" }))
  const lines = edges.map(([source, target, carries]) => {
    const [from, to] = [byId.get(source), byId.get(target)]
    const inTime = from.column !== to.column || from.band !== to.band
    const axis = carries === "x" ? "V" : carries === "output" ? "F" : inTime ? "T" : "H"
    const path = make("path", {
      d: route(from, to, sizes),
      class: carries === "=" ? "rnn-arrow rnn-same" : "rnn-arrow",
      "data-from": source,
      "data-to": target,
      [back ? "marker-start" : "marker-end"]: "url(#rnn-arrow)",
    })
    path.style.stroke = theme.axis[axis]
    return { path: arrows.appendChild(path), source, target }
  })

  const strips = nodes.filter(({ kind }) => STRIPS.includes(kind))
  const stripAt = new Map(strips.map((node, at) => [node.id, at]))
  const tied = new Map(
    edges
      .filter(([, , carries]) => carries === "=")
      .flatMap(([source, target]) => [
        [source, target],
        [target, source],
      ]),
  )
  const groups = new Map()
  const cells = [] // of all strips, in the order of the numbers
  const answers = []
  const stepNumbers = [] // below each token, where there is room
  const norms = [] // above each state, of what is asked of it
  const name = (node, unit) => (back ? `∂ℓ[${head}]/∂` : "") + called(node, unit)
  const called = (node, unit) => {
    if (node.tensor) return `${node.tensor}[${node.index.join(", ")}, ${node.offset + unit}]`
    const { state, layer, direction, line, step: t } = node
    return filled(words.lower, { state, layer, direction: ARROWS[direction], line, t, unit })
  }
  for (const node of nodes) {
    const { id, kind, x, y, width, height, live, step } = node
    const group = svg.appendChild(
      make("g", { class: `rnn-node rnn-${kind === "said" ? "answer" : kind}`, "data-node": id }),
    )
    if (!live) group.classList.add("rnn-dead")
    groups.set(id, group)
    const mid = x + width / 2
    if (kind === "token") {
      const [token, id] = tokens[node.line][step] ?? ["·", words.padding]
      group.append(make("text", { x: mid, y: y + 18, class: "rnn-big", fill: theme.axis.V }, token))
      const number = make("text", { x: mid, y: y + 36, class: "rnn-small", fill: theme.axis.T }, `t ${step}`)
      stepNumbers.push({ group, step, number })
      group.append(make("title", {}, live ? `${token}, id ${id}` : words.padding))
    } else if (kind === "said") {
      const [winner, p, target] = [
        make("text", { x: mid, y: y + 16, class: "rnn-big" }),
        make("text", { x: mid, y: y + 33, class: "rnn-small" }),
        make("text", { x: mid, y: y + 52, class: "rnn-small" }, tokens[node.line][step][2]),
      ]
      group.append(winner, p, target)
      answers.push({ node, winner, p })
    } else if (kind === "cut") {
      group.append(
        make(
          "text",
          {
            x: node.column < 0 ? x + width : x,
            y: y + height / 2 + 4,
            class: "rnn-small",
            "text-anchor": node.column < 0 ? "end" : "start",
          },
          `… t ${step}`,
        ),
      )
    } else {
      if (!STATES.includes(kind)) {
        group.append(
          make(
            "text",
            { x: mid, y: y - 6, class: "rnn-small rnn-name" },
            data.numbered ? `${kind}[${node.index[0]}]` : kind,
          ),
        )
      }
      for (let unit = 0; unit < units; unit += 1) {
        const place = {
          class: "rnn-cell",
          x,
          y: y + unit * sizes.row,
          width,
          height: sizes.row,
          "data-unit": unit,
          "data-layer": node.layer,
          "data-direction": node.direction,
          "data-line": node.line,
          "data-t": step,
          "data-node": id,
        }
        const cell = group.appendChild(make("rect", place))
        const label = numbered
          ? group.appendChild(make("text", { class: "rnn-value", x: mid, y: y + (unit + 0.5) * sizes.row + 4 }))
          : null
        cells.push({ cell, label, node, unit })
      }
      if (back && kind === "h" && data.numbered)
        norms.push({
          id,
          label: group.appendChild(make("text", { x: mid + 7, y: y - 5, class: "rnn-small rnn-norm" })),
        })
      const twin = tied.get(id)
      if (twin)
        group.append(
          make("rect", { class: "rnn-frame", x, y, width, height, "stroke-dasharray": DASHES[dashes[node.direction]] }),
        )
    }
  }
  // The numbers of the steps, as many as there is room for.
  const showStepNumbers = () => {
    for (const { group, number } of stepNumbers) group.append(number)
    const lengths = stepNumbers.map(({ number }) => number.getComputedTextLength())
    const first = stepNumbers.filter(({ step }, at) => stepNumbers.findIndex((one) => one.step === step) === at)
    const steps = first.map(({ step }) => step)
    const stride = strideOf(steps, lengths.slice(0, steps.length), sizes.cell + sizes.gap)
    for (const { step, number } of stepNumbers) if (step % stride) number.remove()
  }
  showStepNumbers()
  document.fonts.ready.then(showStepNumbers)
  const ring = svg.appendChild(make("rect", { class: "rnn-cursor", width: sizes.cell, height: sizes.row }))
  const placeRing = () => {
    const [row, line, step, unit] = cursor ?? []
    const at = cells.find(
      (one) =>
        one.node.kind === "h" &&
        one.node.row === row &&
        one.node.line === line &&
        one.node.step === step &&
        one.unit === unit,
    )
    ring.style.display = at ? "" : "none"
    if (at) for (const side of ["x", "y"]) ring.setAttribute(side, at.cell.getAttribute(side))
  }

  // What the rows are stays at the left edge, however far one scrolls.
  const levels = svg.appendChild(make("g", { class: "rnn-levels" }))
  levels.append(make("rect", { x: 0, y: 0, width: sizes.gutter - 8, height: sizes.height }))
  const ranges = [] // below the name of each level of strips: how far its colours go
  for (const { y, text, axis, state } of data.levels) {
    const place = { x: sizes.gutter - 14, class: "rnn-small rnn-level", fill: theme.axis[axis] }
    levels.append(make("text", { ...place, y }, text))
    if (state && words.range)
      ranges.push({
        state,
        label: levels.appendChild(make("text", { ...place, y: y + 15, class: `${place.class} rnn-range` })),
      })
  }
  const keepLevels = () =>
    levels.setAttribute(
      "transform",
      `translate(${(box.scrollLeft * sizes.width) / (svg.clientWidth || sizes.width)} 0)`,
    )
  box.onscroll = keepLevels
  // Scrolls to the column of the head, unless it is in view: the sentence is about nothing that cannot be seen.
  const seeHead = () => {
    const { x, width } = nodes.find(({ kind, step }) => kind === "token" && step === head)
    const px = (svg.clientWidth || sizes.width) / sizes.width
    const [left, right] = [box.scrollLeft + sizes.gutter * px, box.scrollLeft + box.clientWidth]
    if (x * px < left || (x + width) * px > right)
      box.scrollLeft = Math.max(0, (x + width / 2) * px - box.clientWidth / 2)
  }

  offerPicture(root, svg, data.name)

  // --- numbers ---
  const short = (value) => (back && value !== 0 && Math.abs(value) < 0.005 ? signed(value, 1) : printed(value, 2))
  const normOf = new Map() // what the loss at the head asks of each strip
  const turnBack = () => {
    const size = strips.length * units
    values = all.subarray((head - firstStep) * size, (head - firstStep + 1) * size)
    reach = Math.max(
      1e-30,
      values.reduce((most, value) => Math.max(most, Math.abs(value)), 0),
    )
    strips.forEach(({ id }, at) => normOf.set(id, Math.hypot(...values.subarray(at * units, (at + 1) * units))))
    const most = Math.max(1e-30, ...normOf.values())
    for (const { path, source } of lines)
      path.style.strokeWidth = normOf.has(source) ? 0.75 + (5 * normOf.get(source)) / most : 0.75
    for (const { id, label } of norms)
      label.textContent = normOf.get(id) ? signed(normOf.get(id), 2, 6).replace(/^0(?=\.)/, "") : ""
  }
  const reachOf = (state) => (state === "c" ? cellReach : reach)
  const fill = () => {
    for (const { state, label } of ranges) label.textContent = filled(words.range, { reach: signed(reachOf(state), 3) })
    cells.forEach(({ cell, label, node }, at) => {
      const value = values[at]
      const finite = Number.isFinite(value)
      const limit = reachOf(node.state)
      const color = colorAt(theme.scale, finite ? Math.min(1, Math.max(0, (value + limit) / (2 * limit))) : 0.5)
      cell.style.fill = `rgb(${color.join()})`
      if (!label) return
      label.textContent = short(value)
      label.style.fill = inkOn(color)
    })
    for (const { node, winner, p } of answers) {
      const { tokens: says, wrong, probability } = said[node.line]
      const at = node.step - firstStep
      winner.textContent = says[at]
      winner.classList.toggle("rnn-wrong", wrong.includes(at))
      p.textContent = data.numbered ? printed(numbers(probability)[at], 2) : ""
    }
  }

  // --- reading ---
  const heard = (line) => {
    const states = nodes.filter(
      (node) => STATES.includes(node.kind) && node.layer === 0 && node.line === line && node.step === head,
    )
    const names = states.flatMap(
      ({ id, level }) =>
        before
          .get(id)
          ?.map((one) => byId.get(one))
          .filter((one) => one.level === level) ?? [],
    )
    const said = names.map(({ kind, state, step, line: other }) => {
      if (kind === "h_0" || kind === "c_0") return kind
      return other === line ? `${state}[${step}]` : filled(words.other, { state, line: other })
    })
    return [...new Set(said)].join(words.and)
  }
  // What of a loss arrives at its own step, and at the step that is farthest from it on the way back.
  const faded = (line) => {
    if (!back) return {}
    const states = nodes.filter(({ kind, line: on, row }) => kind === "h" && on === line && row === data.row)
    const near = normOf.get(states.find(({ step }) => step === head)?.id) ?? 0
    const far = states
      .filter(({ id }) => normOf.get(id) > 0)
      .sort((a, b) => Math.abs(b.step - head) - Math.abs(a.step - head))[0]
    const arrives = far ? normOf.get(far.id) : 0
    return {
      near: signed(near, 2),
      far: signed(arrives, 2),
      first: far?.step ?? head,
      share: near ? `${signed((100 * arrives) / near, 2)} %` : "0 %",
    }
  }
  const tellSentence = () => {
    const line = back ? data.line : data.lines.includes(cursor?.[1]) ? cursor[1] : data.lines[0]
    const [read, id, asked] = tokens[line][head] ?? []
    const at = head - firstStep
    const { tokens: says, probability } = said[line]
    const parts = {
      t: head,
      line,
      read,
      id,
      heard: heard(line),
      asked,
      ...faded(line),
      says: says[at],
      p: at < says.length ? printed(numbers(probability)[at], 2) : "",
    }
    sentence.textContent =
      (data.lines.length > 1 ? `${filled(words.line, parts)} ` : "") +
      filled(read === undefined ? words.behind : back && parts.first === head ? words.alone : words.sentence, parts)
    box.setAttribute("aria-label", filled(words.alt, { sentence: sentence.textContent }))
  }
  const light = () => {
    if (back) {
      turnBack()
      fill()
    }
    const loss = `said_${data.line}_${head}`
    const part = back && new Set([loss, ...reached(loss, before)])
    const lit = (id) => (back ? part.has(id) : (readAt.get(id) ?? Infinity) <= head)
    for (const [id, group] of groups) {
      const node = byId.get(id)
      group.classList.toggle("rnn-read-yet", lit(id))
      group.classList.toggle("rnn-now", node.step === head && ["token", "said", ...STATES].includes(node.kind))
    }
    for (const { path, target } of lines) path.classList.toggle("rnn-read-yet", lit(target))
    slider.value = head
    tellSentence()
  }
  let timer
  let resting
  const restSoon = () => {
    clearTimeout(resting)
    const tellIt = () => {
      heads.set(data.name, { ...heads.get(data.name), head, told: head })
      tell.head(head)
    }
    if (!timer) resting = setTimeout(tellIt, RESTS_MS)
  }
  const go = (step) => {
    if (within(step) === head) return
    head = within(step)
    heads.set(data.name, { ...heads.get(data.name), head })
    light()
    seeHead()
    restSoon()
  }
  const rest = () => {
    clearInterval(timer)
    timer = undefined
    playing.textContent = words.play
    restSoon()
  }
  const play = () => {
    if (head === endStep - 1) {
      head = firstStep
      light()
      seeHead()
    }
    playing.textContent = words.pause
    timer = setInterval(() => (head === endStep - 1 ? rest() : go(head + 1)), READ_EVERY_MS)
  }

  // --- pointing ---
  let pointed
  const point = (id, unit, near) => {
    pointed = id === undefined ? undefined : { id, unit }
    heads.set(data.name, { ...heads.get(data.name), pointed })
    svg.classList.toggle("rnn-pointing", pointed !== undefined)
    tip.hidden = pointed === undefined
    if (!pointed) return
    lightWays(id, groups, lines, before, after)
    tellTip()
    placeTip(tip, root, near)
  }
  const tellTip = () => {
    if (!pointed) return
    const { id, unit } = pointed
    const node = byId.get(id)
    tip.textContent =
      unit === undefined ? label(node) : `${name(node, unit)} = ${signed(values[stripAt.get(id) * units + unit])}`
  }
  const label = ({ kind, state, line, step, live, index }) => {
    if (kind === "token")
      return live
        ? `x[${index.join(", ")}] · ${tokens[line][step]?.[0] ?? "·"}, id ${tokens[line][step]?.[1] ?? "−100"}`
        : words.padding
    if (kind === "said") {
      const [says, at] = [said[line], step - firstStep]
      return filled(words.says, {
        says: says.tokens[at],
        p: signed(numbers(says.probability)[at]),
        asked: tokens[line][step][2],
      })
    }
    return filled(words.cut, { state, t: step, line })
  }
  svg.addEventListener("pointermove", ({ target }) => {
    const group = target.closest("[data-node]")
    if (!group) return point()
    const unit = target.closest("[data-unit]")?.dataset.unit
    if (pointed?.id === group.dataset.node && pointed.unit === (unit && Number(unit))) return undefined
    return point(group.dataset.node, unit && Number(unit), unit ? target : group)
  })
  svg.addEventListener("pointerleave", () => point())
  const pick = (id, unit) => {
    const { kind, layer, direction, line, step, live } = byId.get(id)
    if (data.picks && live && ["h_n", "c_n", ...STATES].includes(kind))
      tell.picked({ layer, direction, line, step, unit })
  }
  svg.addEventListener("click", ({ target }) => {
    const cell = target.closest("[data-unit]")
    if (cell) return pick(cell.dataset.node, Number(cell.dataset.unit))
    const token = target.closest(".rnn-token")
    return token && go(byId.get(token.dataset.node).step)
  })
  box.addEventListener("keydown", (event) => {
    const column = cells.filter(({ node }) => STATES.includes(node.kind) && node.live && node.step === head)
    const now = column.findIndex(({ node, unit }) => node.id === pointed?.id && unit === pointed.unit)
    const to = { ArrowDown: now + 1, ArrowUp: now < 0 ? column.length - 1 : now - 1 }[event.key]
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      const [row, unit] = [pointed && byId.get(pointed.id)?.level, pointed?.unit]
      go(head + (event.key === "ArrowRight" ? 1 : -1))
      const same = cells.find(
        ({ node, unit: one }) => STATES.includes(node.kind) && node.step === head && node.level === row && one === unit,
      )
      if (same) point(same.node.id, same.unit, same.cell)
    } else if (to !== undefined && column[to]) point(column[to].node.id, column[to].unit, column[to].cell)
    else if (event.key === "Enter" && pointed?.unit !== undefined) pick(pointed.id, pointed.unit)
    else if (event.key === "Escape" && pointed) point()
    else if (to === undefined) return
    event.preventDefault()
    event.stopPropagation()
  })
  box.addEventListener("blur", () => box.isConnected && point()) // one that is drawn anew keeps what is pointed at

  fill()
  light()
  placeRing()
  box.scrollLeft = scrolled ?? 0
  seeHead()
  const again =
    focused &&
    held?.pointed &&
    cells.find(({ node, unit }) => node.id === held.pointed.id && unit === held.pointed.unit)
  if (again) point(again.node.id, again.unit, again.cell)
  if (focused) root.querySelector(`.${focused.split(" ").at(-1)}`)?.focus({ preventScroll: true })
  return {
    update(patch) {
      values = all = numbers(patch.values)
      ;({ reach, cell_reach: cellReach, said } = patch)
      fill()
      tellSentence()
      tellTip()
    },
    // The same picture once more: only what moves is taken over, since to draw it costs many frames.
    renew(next) {
      values = all = numbers(next.values)
      ;({ reach, cell_reach: cellReach, said, cursor } = next)
      const moved = next.head !== asked && next.head !== heads.get(data.name)?.told
      if (moved) head = within(next.head)
      asked = next.head
      fill()
      light()
      if (moved) seeHead()
      placeRing()
      tellTip()
    },
    close() {
      clearInterval(timer)
      clearTimeout(resting)
    },
  }
}

const MOVING = { values: 0, reach: 0, cell_reach: 0, said: 0, head: 0, cursor: 0, mount: 0 }
const drawn = new WeakMap() // by its place in the page: what was drawn there, without what moves

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".rnn-network")
  const tell = {
    picked: (place) => setTriggerValue("picked", place),
    head: (step) => setTriggerValue("head", step),
  }
  const still = JSON.stringify({ ...data, ...MOVING })
  const here = drawn.get(root)
  if (here?.still === still) {
    here.picture.renew(data)
    here.picture.mount = data.mount
    return here.leave
  }
  const picture = { still }
  picture.leave = feed.mount(data, () => (picture.picture = draw(root, data, tell)))
  drawn.set(root, picture)
  return picture.leave
}
