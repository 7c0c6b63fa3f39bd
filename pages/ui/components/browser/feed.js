// What is mounted by name, in whichever component: a feed brings every thing it names up to date.

// What this file leans on in Streamlit's page: the class st-key-<key> that a key gives to its element.
const keyed = (key) => document.querySelector(`.st-key-${key}`)

// The feed is a hidden line of text, the id of a mount and the JSON of {name: patch}: every patch brings what is
// mounted under its name up to date, unless that is of another mount. There is one reader for the page, the first
// component's.
const feed = (window.rnnFeed ??= (() => {
  const mounted = new Map() // name → {mount, update(patch), close()}
  let last = ""
  let reading = false
  const read = () => {
    const line = keyed("feed")?.textContent
    if (line && line !== last) {
      last = line
      const begin = line.indexOf("{")
      const mount = line.slice(0, begin)
      for (const [name, patch] of Object.entries(JSON.parse(line.slice(begin)))) {
        const thing = mounted.get(name)
        if (thing?.mount === mount) thing.update(patch)
      }
    }
    reading = mounted.size > 0
    if (reading) requestAnimationFrame(read)
  }
  return {
    mount({ name, mount }, make) {
      mounted.get(name)?.close()
      const thing = Object.assign(make(), { mount })
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
