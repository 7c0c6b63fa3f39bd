// A lost connection, in this app's words. Streamlit's page tells its host, and itself, what happens to the connection
// and which errors it would show (server/page_head.py keeps its dialogs from opening): `message` events of its own
// window.
{
  const words = JSON.parse(document.currentScript.dataset.words)
  let connected = false
  let dismissed = false
  let notice

  const close = () => {
    notice?.remove()
    notice = undefined
  }

  const make = (tag, properties) => Object.assign(document.createElement(tag), properties)

  const show = (title, text, ...buttons) => {
    if (notice?.firstChild.textContent === title) return // the page tries again and again: one alert is enough
    close()
    notice = make("div", { className: "rnn-notice" })
    notice.setAttribute("role", "alert")
    const app = document.querySelector('[data-testid="stApp"]') ?? document.body
    notice.style.colorScheme = getComputedStyle(app).colorScheme // the theme is the app's, not the document's
    const row = make("div", {})
    row.append(...buttons)
    notice.append(make("h2", { textContent: title }), make("p", { textContent: text }), row)
    document.body.append(notice)
  }

  const button = (textContent, onclick) => make("button", { type: "button", textContent, onclick })

  const dismiss = () => {
    dismissed = true
    close()
  }

  addEventListener("message", ({ source, data }) => {
    const { stCommVersion: version, type, error, message } = data ?? {}
    if (source !== window || version !== 1) return
    if (type === "WEBSOCKET_CONNECTED") {
      connected = true
      dismissed = false
      close()
    } else if (type === "WEBSOCKET_DISCONNECTED") {
      connected = false
    } else if (type === "CLIENT_ERROR_DIALOG" && connected) {
      show(error, message, button(words.close, close))
    } else if (type === "CLIENT_ERROR_DIALOG" && !dismissed) {
      const reload = button(words.reload, () => location.reload())
      show(words.title, words.text, reload, button(words.close, dismiss))
    }
  })
}
