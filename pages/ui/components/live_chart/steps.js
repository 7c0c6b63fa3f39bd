// The steps of one line as a table: a column a time step; what is read, asked for and said, and what that costs.

const cell = (tag, className, text) => {
  const node = document.createElement(tag)
  if (className) node.className = className
  if (text !== undefined) node.textContent = text
  return node
}

// A probability, with a bar behind it that is as long.
const showShare = (node, value) => {
  node.textContent = printed(value)
  node.style.setProperty("--share", Number.isFinite(value) ? `${100 * value}%` : "0%")
}

const steps = (root, { columns, words, marked, picks, said }, pick) => {
  const grid = root.querySelector("table") ?? root.appendChild(cell("table", "rnn-table rnn-steps"))
  root.tabIndex = 0
  root.setAttribute("role", "region")
  root.setAttribute("aria-label", words.table)
  const needs = columns[0]?.need !== undefined ? ["need"] : []
  const rows = ["t", "read", "asked", ...needs, ...(said ? ["said", "probability", "asked_probability", "loss"] : [])]
  const of = Object.fromEntries(rows.map((name) => [name, cell("tr", `rnn-of-${name}`)]))
  for (const [name, row] of Object.entries(of)) {
    const title = cell("th", "rnn-name", words[name])
    title.scope = "row"
    row.append(title)
    columns.forEach((column, at) => {
      const place = cell(name === "t" ? "th" : "td", at === marked ? "rnn-marked" : "")
      if (name === "t") {
        place.textContent = column.t
        place.scope = "col"
      }
      row.append(place)
    })
  }
  columns.forEach((column, at) => {
    const [read, asked] = [of.read.children[at + 1], of.asked.children[at + 1]]
    read.append(
      cell("span", "rnn-token", (column.edited ? "✎" : "") + column.read),
      cell("small", "rnn-id", column.ids[0]),
    )
    if (of.need) of.need.children[at + 1].append(cell("span", column.need === "1" ? "" : "rnn-hard", column.need))
    asked.append(cell("span", "rnn-token", column.asked), cell("small", "rnn-id", column.ids[1]))
  })
  grid.replaceChildren(...Object.values(of))
  grid.classList.toggle("rnn-picks", picks)
  grid.onclick = ({ target }) => {
    const at = target.closest("td, th")?.cellIndex
    if (picks && at > 0) pick({ panel: 0, column: columns[at - 1].t, row: 0 })
  }
  const sum = root.querySelector(".rnn-mean") ?? root.appendChild(cell("p", "rnn-mean"))
  const fill = ({ tokens, wrong, ties, mean, ...arrays }) => {
    const [probability, asked, loss] = ["probability", "asked_probability", "loss"].map((name) => numbers(arrays[name]))
    tokens.forEach((token, at) => {
      const place = of.said.children[at + 1]
      place.replaceChildren(cell("span", wrong.includes(at) ? "rnn-token rnn-wrong" : "rnn-token", token))
      if (at in ties) {
        const sign = cell("small", "rnn-tie", words.tie)
        sign.title = ties[at]
        place.append(sign)
      }
      showShare(of.probability.children[at + 1], probability[at])
      showShare(of.asked_probability.children[at + 1], asked[at])
      of.loss.children[at + 1].textContent = printed(loss[at])
    })
    sum.textContent = mean
  }
  if (said) fill(said)
  else sum.textContent = ""
  return { update: fill, close() {} }
}
