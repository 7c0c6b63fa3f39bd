// A chart to take away: a PNG as Plotly draws it, and a page of its own that holds Plotly and the figure.

const PNG_SCALE = 2

// What stands in a script must not end it: every < is written as JSON can.
const inScript = (value) => JSON.stringify(value).replaceAll("<", "\\u003c")

const plotted = (library, data, layout) =>
  [
    '<div id="figure"></div>',
    `<script>${library.replaceAll("</script", "<\\/script")}</script>`,
    `<script>Plotly.newPlot("figure", ${inScript(data)}, ${inScript(layout)}, { displaylogo: false })</script>`,
  ].join("\n")

// Puts the buttons beside `plot`; `figure` gives the data and layout as of now.
const offerChart = (root, plot, name, Plotly, figure) => {
  const file = name.replace(/_plot$/, "")
  offerWays(root, file, {
    PNG: () => Plotly.downloadImage(plot, { format: "png", filename: file, scale: PNG_SCALE }),
    HTML: async () => {
      const library = await fetch(document.querySelector("script[src*='/assets/plotly.min.js']").src)
      const { data, layout } = figure()
      const content = plotted(await library.text(), data, layout)
      download(`${file}.html`, aloneAs(file, layout.hoverlabel?.bgcolor ?? "#fff", content))
    },
  })
}
