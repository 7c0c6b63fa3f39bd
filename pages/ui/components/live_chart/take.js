// A chart to take away, by two buttons beside it that appear where one points at it or comes by keyboard: a PNG as
// Plotly draws it, and a page of its own that holds Plotly and the figure, and so needs no network.

const PNG_SCALE = 2

// What stands in a script must not end it: every < is written as JSON can.
const inScript = (value) => JSON.stringify(value).replaceAll("<", "\\u003c")

const standAlone = (library, title, data, layout) =>
  [
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title>`,
    `<body style="margin:0;background:${layout.hoverlabel?.bgcolor ?? "#fff"}"><div id="figure"></div>`,
    `<script>${library.replaceAll("</script", "<\\/script")}</script>`,
    `<script>Plotly.newPlot("figure", ${inScript(data)}, ${inScript(layout)}, { displaylogo: false })</script>`,
  ].join("\n")

const download = (name, text) => {
  const link = document.createElement("a")
  link.href = URL.createObjectURL(new Blob([text], { type: "text/html" }))
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href))
}

// Puts the buttons beside `plot`; `figure` gives the data and layout as of now.
const offerToTake = (root, plot, name, Plotly, figure) => {
  const file = name.replace(/_plot$/, "")
  const ways = {
    PNG: () => Plotly.downloadImage(plot, { format: "png", filename: file, scale: PNG_SCALE }),
    HTML: async () => {
      const library = await fetch(document.querySelector("script[src*='/assets/plotly.min.js']").src)
      const { data, layout } = figure()
      download(`${file}.html`, standAlone(await library.text(), file, data, layout))
    },
  }
  const offer = root.querySelector(".rnn-take") ?? root.appendChild(element("div", "rnn-take"))
  if (!offer.children.length) {
    for (const way of Object.keys(ways)) {
      const button = offer.appendChild(element("button", "", way))
      button.type = "button"
      button.setAttribute("aria-label", `${file}: ${way}`)
    }
  }
  Object.values(ways).forEach((take, at) => (offer.children[at].onclick = take))
}
