// What is typed and pasted into Streamlit's fields, where the browser or Streamlit would lose a part of it without a
// message. All that depends on the DOM of these fields is here; components/typed connects it to the server.
//
// Text: code points in NFC; several lines pasted into the field for one line go to the server as lines.
// Numbers: a decimal comma is a decimal point; the arrows keep the limits of the field, and step by 1, 2, 5, 10, … in
// a field that spans decades.
{
  const ONE_LINE = ".st-key-one_line input"
  const LINES = ".st-key-lines textarea"
  const NUMBER = '[data-testid="stNumberInput"]'
  const UP = '[data-testid="stNumberInputStepUp"]'
  const DOWN = '[data-testid="stNumberInputStepDown"]'
  const DRAWN_MS = 5000 // within which the area for lines is drawn after a paste
  const SETTLED_MS = 1000 // within which Streamlit may draw it anew, and so take the focus from it
  const COMMA = /[,，٫]/g
  const DECADES = [...Array(13).keys()].flatMap((k) => [1, 2, 5].map((digit) => Number(`${digit}e${k - 6}`)))

  let rules = {} // of the number fields, by key: {low, high, step, start}; step 0 spans decades
  let send // takes lines to the server
  let waiting // lines that were pasted before the server was connected

  const at = (event, selector) => (event.target instanceof Element ? event.target.closest(selector) : null)

  const write = (input, value) => {
    const kind = input instanceof HTMLTextAreaElement ? HTMLTextAreaElement : HTMLInputElement
    Object.getOwnPropertyDescriptor(kind.prototype, "value").set.call(input, value) // React takes it for typed
  }
  const press = (input, key) => input.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }))

  const compose = (event) => {
    const field = at(event, `${ONE_LINE}, ${LINES}`)
    if (!field || event.isComposing || field.value === field.value.normalize("NFC")) return
    const caret = field.value.slice(0, field.selectionStart).normalize("NFC").length
    write(field, field.value.normalize("NFC"))
    field.setSelectionRange(caret, caret)
  }
  document.addEventListener("input", compose, true)
  document.addEventListener("compositionend", compose, true)

  const deliver = (lines) => {
    if (send) send(lines)
    else waiting = lines
  }
  const focusLines = (input, until = performance.now() + DRAWN_MS) => {
    const area = document.querySelector(LINES)
    const focused = document.activeElement
    if (![input, document.body, area].includes(focused) || performance.now() > until) return
    if (area && focused !== area) {
      area.focus()
      until = Math.min(until, performance.now() + SETTLED_MS)
    }
    requestAnimationFrame(() => focusLines(input, until))
  }
  document.addEventListener("paste", (event) => {
    const input = at(event, ONE_LINE)
    const pasted = event.clipboardData?.getData("text/plain") ?? ""
    if (!input || !/[\r\n]/.test(pasted)) return
    event.preventDefault()
    const lines = pasted.split(/\r\n|\r|\n/).filter(Boolean)
    if (lines.length < 2) {
      document.execCommand("insertText", false, lines.join(""))
      return
    }
    const { value, selectionStart, selectionEnd } = input
    press(input, "Enter") // what was typed before is not to come after the lines
    deliver(value.slice(0, selectionStart) + lines.join("\n") + value.slice(selectionEnd))
    focusLines(input)
  }, true)

  const withPoint = (typed) => {
    const parts = typed.replace(COMMA, ",").split(/[.,]/)
    const grouped = parts.length > 2 && new Set(typed.replace(COMMA, ",").match(/[.,]/g)).size === 1 // 1,000,000
    return grouped ? parts.join("") : `${parts.slice(0, -1).join("")}.${parts.at(-1)}`
  }
  document.addEventListener("beforeinput", (event) => {
    const input = at(event, `${NUMBER} input`)
    if (!input || !event.data?.match(COMMA)) return
    event.preventDefault()
    document.execCommand("insertText", false, withPoint(event.data))
  }, true)

  // What is no number at all ("0.1.2", "1e") has no value: Streamlit would take the field for empty, and its default.
  // The browser says so on Enter; a field that is left gets back what it had.
  let before // of the field with the focus: what it had, or has been given since
  document.addEventListener("focusin", (event) => {
    before = at(event, `${NUMBER} input`)?.value
  }, true)
  document.addEventListener("focusout", (event) => {
    const input = at(event, `${NUMBER} input`)
    if (!input?.validity.badInput || !before) return
    event.stopPropagation()
    write(input, before)
    input.dispatchEvent(new Event("input", { bubbles: true }))
    queueMicrotask(() => input.dispatchEvent(new FocusEvent("focusout", { bubbles: true })))
  }, true)
  document.addEventListener("keydown", (event) => {
    const input = event.key === "Enter" ? at(event, `${NUMBER} input`) : null
    if (!input?.validity.badInput) {
      before = input?.value ?? before
      return
    }
    event.stopPropagation()
    input.reportValidity()
  }, true)

  const next = (rule, text, up) => {
    const value = Number(text)
    if (text === "" || Number.isNaN(value)) return rule.start
    const near = Math.abs(value) * 1e-9
    const to =
      rule.step !== 0
        ? value + (up ? rule.step : -rule.step)
        : up
          ? DECADES.find((step) => step > value + near)
          : DECADES.findLast((step) => step < value - near)
    return Math.min(rule.high ?? Infinity, Math.max(rule.low ?? -Infinity, to ?? value))
  }
  const step = (event, field, up) => {
    const key = [...(field?.closest('[class*="st-key-"]')?.classList ?? [])].find((name) => name.slice(7) in rules)
    if (!key) return
    event.preventDefault()
    event.stopPropagation()
    const input = field.querySelector("input")
    const to = String(next(rules[key.slice(7)], input.value, up))
    if (to === input.value) return
    write(input, to)
    input.dispatchEvent(new Event("input", { bubbles: true }))
    queueMicrotask(() => press(input, "Enter")) // once React has taken the value
  }
  document.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return
    if (!event.ctrlKey && !event.altKey && !event.metaKey) step(event, at(event, NUMBER), event.key === "ArrowUp")
  }, true)
  document.addEventListener("click", (event) => {
    const button = at(event, `${UP}, ${DOWN}`)
    if (button) step(event, button.closest(NUMBER), button.matches(UP))
  }, true)

  window.rnnFields = {
    connect(data, sendLines) {
      rules = data.rules
      send = sendLines
      if (waiting !== undefined) send(waiting)
      waiting = undefined
      for (const input of document.querySelectorAll(`${NUMBER} input`)) {
        const name = [...input.closest('[class*="st-key-"]').classList].find((name) => name.slice(7) in rules)
        const refused = name !== undefined && data.refused.includes(name.slice(7))
        if (refused || input.hasAttribute("aria-invalid")) input.setAttribute("aria-invalid", String(refused))
      }
    },
  }
}
