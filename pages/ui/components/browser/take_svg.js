// A picture to take away, as a PNG and as a page: its SVG with every style that the page gives it written into it.

const PICTURE_SCALE = 2
const STYLES = [
  ..."display visibility opacity fill fill-opacity stroke stroke-opacity stroke-width stroke-dasharray".split(" "),
  ..."paint-order font-family font-size font-weight font-style letter-spacing text-anchor dominant-baseline".split(" "),
]

const standing = (svg) => {
  const copy = svg.cloneNode(true)
  const [shown, kept] = [svg, copy].map((one) => [one, ...one.querySelectorAll("*")])
  shown.forEach((node, at) => {
    const style = getComputedStyle(node)
    kept[at].setAttribute("style", STYLES.map((name) => `${name}:${style.getPropertyValue(name)}`).join(";"))
  })
  copy.querySelector(".rnn-levels")?.removeAttribute("transform") // they stay at the left edge of what is scrolled
  const { width, height } = svg.viewBox.baseVal
  for (const [name, value] of Object.entries({ xmlns: SVG, width, height })) copy.setAttribute(name, value)
  return { text: new XMLSerializer().serializeToString(copy), width, height }
}

const painted = async ({ text, width, height }, background) => {
  const image = new Image()
  image.src = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }))
  await image.decode()
  const canvas = document.createElement("canvas")
  Object.assign(canvas, { width: width * PICTURE_SCALE, height: height * PICTURE_SCALE })
  const pen = canvas.getContext("2d")
  pen.fillStyle = background
  pen.fillRect(0, 0, canvas.width, canvas.height)
  pen.drawImage(image, 0, 0, canvas.width, canvas.height)
  URL.revokeObjectURL(image.src)
  return new Promise((done) => canvas.toBlob(done, "image/png"))
}

const offerPicture = (root, svg, file) => {
  const background = () => getComputedStyle(root).getPropertyValue("--st-background-color")
  offerWays(root, file, {
    PNG: async () => download(`${file}.png`, await painted(standing(svg), background())),
    HTML: () => download(`${file}.html`, aloneAs(file, background(), standing(svg).text)),
  })
}
