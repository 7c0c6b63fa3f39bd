// All changes of the address pass here: Streamlit writes what pages/ui/address.py gives it by history.pushState.
//
// A change of the query alone takes the place of the entry in the browser's history, so that *Back* leads to the page
// before. No value ends in a character that chat programs cut off (rnn_core/link.py: query_string). A text that is
// too long for a server's request line stays in this browser, and the address holds its digest: `text_kept`.
{
  const STORE = "rnn-explorer-texts" // [[digest, text], …], the newest first
  const KEPT_CHARS = 1_000_000
  const push = history.pushState
  const replace = history.replaceState

  const keptTexts = () => {
    try {
      return new Map(JSON.parse(localStorage.getItem(STORE)))
    } catch {
      return new Map() // no storage, or not what was stored here
    }
  }
  const keep = (digest, text) => {
    let room = KEPT_CHARS
    const texts = [...new Map([[digest, text], ...[...keptTexts()].filter(([other]) => other !== digest)])]
    try {
      localStorage.setItem(STORE, JSON.stringify(texts.filter(([, kept]) => (room -= kept.length) >= 0)))
    } catch {
      // no storage: Share says that a file is the way to keep such a run
    }
  }

  const cutOff = /[!'()*~]|[._-](?![0-9A-Za-z])/g
  const escaped = (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`
  const quoted = (part) => encodeURIComponent(part).replace(cutOff, escaped)
  const written = (params) => [...params].map(([name, value]) => `${quoted(name)}=${quoted(value)}`).join("&")

  const short = (url) => {
    const [digest, text] = ["text_kept", "text"].map((name) => url.searchParams.get(name))
    const params = new URLSearchParams(url.search)
    if (digest !== null && text !== null) {
      keep(digest, text)
      params.delete("text")
    }
    url.search = written(params)
    return url
  }

  const here = new URL(location.href)
  const text = keptTexts().get(here.searchParams.get("text_kept"))
  if (text !== undefined && !here.searchParams.has("text")) here.searchParams.set("text", text)
  here.search = written(here.searchParams)
  replace.call(history, history.state, "", here) // what Streamlit starts with; it writes the short form again

  history.pushState = (state, title, url) => {
    const to = short(new URL(url ?? location.href, location.href))
    ;(to.pathname === location.pathname ? replace : push).call(history, state, title, to)
  }
  history.replaceState = (state, title, url) =>
    replace.call(history, state, title, short(new URL(url ?? location.href, location.href)))
}
