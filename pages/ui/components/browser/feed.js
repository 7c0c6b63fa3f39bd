// What is mounted by name, in whichever component: a feed brings every thing it names up to date.

// What this file leans on in Streamlit's page: the class st-key-<key> that a key gives to its element.
const keyed = (key) => document.querySelector(`.st-key-${key}`)

// The feed is a hidden line of text, the JSON of {name: patch}: whatever is new is handed to what is mounted. There is
// one reader for the page, the first component's.
const feed = (window.rnnFeed ??= (() => {
  const mounted = new Map() // name → {update(patch), close()}
  let last = ""
  let reading = false
  const read = () => {
    const line = keyed("feed")?.textContent
    if (line && line !== last) {
      last = line
      for (const [name, patch] of Object.entries(JSON.parse(line))) mounted.get(name)?.update(patch)
    }
    reading = mounted.size > 0
    if (reading) requestAnimationFrame(read)
  }
  return {
    mount(name, make) {
      mounted.get(name)?.close()
      const thing = make()
      mounted.set(name, thing)
      if (!reading) {
        reading = true
        requestAnimationFrame(read)
      }
      return () => {
        thing.close()
        if (mounted.get(name) === thing) mounted.delete(name)
      }
    },
  }
})())
