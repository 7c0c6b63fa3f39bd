// What a figure offers to take away: buttons beside it that appear where one points at it, or comes by keyboard.

const download = (name, blob) => {
  const link = document.createElement("a")
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href))
}

// A page of its own that needs no network: a title, a background, and what is in it.
const aloneAs = (title, background, content) =>
  new Blob(
    [
      `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title>`,
      `<body style="margin:0;background:${background}">${content}</body></html>`,
    ],
    { type: "text/html" },
  )

// Puts a button into `root` for each of `ways`, by its name; where they are there, they take the new ways.
const offerWays = (root, file, ways) => {
  let offer = root.querySelector(":scope > .rnn-take")
  if (!offer) {
    offer = root.appendChild(document.createElement("div"))
    offer.className = "rnn-take"
    for (const way of Object.keys(ways)) {
      const button = offer.appendChild(document.createElement("button"))
      button.type = "button"
      button.textContent = way
      button.setAttribute("aria-label", `${file}: ${way}`)
    }
  }
  Object.values(ways).forEach((take, at) => (offer.children[at].onclick = take))
}
