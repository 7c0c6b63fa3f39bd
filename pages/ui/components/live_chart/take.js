// A chart to take away, by two buttons that appear where one points at it: a PNG as Plotly draws it, and a page of its
// own that holds Plotly and the figure, and so needs no network.

const PNG_SCALE = 2

const fileOf = (name) => name.replace(/_plot$/, "")

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

// Plotly's settings for the buttons. `figure` gives the data and layout as of now.
const taking = (Plotly, name, figure) => ({
  displaylogo: false,
  modeBarButtons: [
    [
      "toImage",
      {
        name: "Download as a stand-alone page",
        icon: Plotly.Icons.disk,
        click: async () => {
          const source = document.querySelector("script[src*='/assets/plotly.min.js']").src
          const { data, layout } = figure()
          download(`${fileOf(name)}.html`, standAlone(await (await fetch(source)).text(), fileOf(name), data, layout))
        },
      },
    ],
  ],
  toImageButtonOptions: { format: "png", filename: fileOf(name), scale: PNG_SCALE },
})
