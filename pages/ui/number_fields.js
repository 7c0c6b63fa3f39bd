// What is typed into Streamlit's fields for numbers, where the browser or Streamlit would change it without a message.
//
// A decimal comma is a decimal point. What is not a number ("0.1.5", "1e") has a sentence below the field, is never
// applied, and a field that is left gets back what it had. The arrows and − / + keep the limits of the field, step by
// 1, 2, 5, 10, … in a field that spans decades, and work from the last number in an empty field.
{
  const NUMBER = '[data-testid="stNumberInput"]'
  const INPUT = `${NUMBER} input`
  const UP = '[data-testid="stNumberInputStepUp"]'
  const DOWN = '[data-testid="stNumberInputStepDown"]'
  const NOTE = "rnn-not-a-number"
  const COMMA = /[,，٫]/g
  const DECADES = [...Array(13).keys()].flatMap((k) => [1, 2, 5].map((digit) => Number(`${digit}e${k - 6}`)))

  let rules // of the fields, by key: {low, high, step, start}; step 0 spans decades
  let words // the sentences of the notes
  let refusedKeys = [] // of the fields whose values the server refuses
  let changedKey // of the field that was typed or stepped in last
  const numbers = {} // by key: the last number that a field had
  const waiting = [] // what needs the rules or the words, and happened before the server sent them
  const onceConnected = (act) => (words ? act() : waiting.push(act))

  const at = (event, selector) => (event.target instanceof Element ? event.target.closest(selector) : null)
  const keyOf = (element) => /st-key-(\S+)/.exec(element?.closest('[class*="st-key-"]')?.className ?? "")?.[1]
  const remember = (input) => {
    if (input.value !== "") numbers[keyOf(input)] = input.value
  }
  const write = (input, value) => {
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(input, value) // as if it were typed
    input.dispatchEvent(new Event("input", { bubbles: true }))
  }
  const press = (input, key) => input.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }))

  // --- the sentence below a field ---
  const noteOf = (input) => input.closest('[class*="_field"]')?.querySelector(`.${NOTE}`)
  const say = (input, sentence, typed, value = "") =>
    onceConnected(() => {
      const place = input.closest('[class*="_field"]')
      if (!place) return
      const note = noteOf(input) ?? place.appendChild(document.createElement("p"))
      note.className = NOTE
      note.setAttribute("role", "alert")
      const text = words[sentence].replace("{typed}", () => typed).replace("{value}", () => value)
      input.setAttribute("aria-invalid", "true")
      if (note.textContent === text) return
      note.textContent = text
      note.scrollIntoView({ block: "nearest" })
    })
  const unsay = (input) =>
    onceConnected(() => {
      const note = noteOf(input)
      note?.remove()
      if (note) input.removeAttribute("aria-invalid")
    })

  // --- what is typed ---
  // The browser drops a second decimal point and every letter, and shows what it takes for no number ("1e") without
  // giving it away: so the text is followed here.
  // What is selected stays so where the browser drops the first letter typed over it: the next one is no other choice.
  let typing // in the field with the focus: {input, before, shown, pending, refused, stands}
  const wrong = (input) => input?.validity.badInput || (typing?.input === input && typing.refused !== "")
  const typedText = () => typing.shown + typing.refused
  const refuse = (text) => {
    typing.pending = undefined
    const selected = getSelection().toString()
    if (typing.refused === "" && selected !== "" && selected === typing.shown) {
      typing.shown = ""
      typing.stands = true
    }
    typing.refused += text
    say(typing.input, "not_a_number", typedText())
  }
  const settlePending = () => {
    if (typing?.pending !== undefined) refuse(typing.pending)
  }
  document.addEventListener("focusin", (event) => {
    const input = at(event, INPUT)
    typing = input ? { input, before: input.value, shown: input.value, refused: "" } : undefined
    if (input) remember(input)
  }, true)
  const withPoint = (typed) => {
    const parts = typed.replace(COMMA, ",").split(/[.,]/)
    const grouped = parts.length > 2 && new Set(typed.replace(COMMA, ",").match(/[.,]/g)).size === 1 // 1,000,000
    return grouped ? parts.join("") : `${parts.slice(0, -1).join("")}.${parts.at(-1)}`
  }
  const inserts = (event) => {
    const { data, inputType } = event
    if (data === null || event.isComposing) return
    const text = data.match(COMMA) ? withPoint(data) : data
    if (inputType === "insertFromPaste" && (text.trim() === "" || Number.isNaN(Number(text)))) {
      event.preventDefault()
      refuse(data)
      return
    }
    typing.pending = text
    if (text === data) {
      setTimeout(settlePending)
      return
    }
    event.preventDefault()
    document.execCommand("insertText", false, text)
    settlePending()
  }
  document.addEventListener("beforeinput", (event) => {
    const input = at(event, INPUT)
    if (!input || typing?.input !== input) return
    settlePending()
    if (typing.refused !== "" && (typing.stands || getSelection().toString() === "")) {
      event.preventDefault()
      if (event.inputType.startsWith("delete")) typing.refused = typing.refused.slice(0, -1)
      else if (event.data) typing.refused += event.data
      if (typing.refused !== "") {
        refuse("")
        return
      }
      unsay(input)
      if (typing.stands) typing.shown = input.value
      typing.stands = false
      return
    }
    typing.refused = ""
    inserts(event)
  }, true)
  const chooseAnew = (event) => {
    if (typing && (event.type === "pointerdown" || event.ctrlKey || event.metaKey)) typing.stands = false
  }
  document.addEventListener("pointerdown", chooseAnew, true)
  document.addEventListener("keydown", chooseAnew, true)
  document.addEventListener("input", (event) => {
    const input = at(event, INPUT)
    if (!input || typing?.input !== input) return
    const { value, validity } = input
    const { data } = event
    const { shown: before, pending } = typing
    typing.pending = undefined
    typing.refused = ""
    typing.stands = false
    typing.shown = value
    if (validity.badInput) typing.shown = data ? before + data : before.slice(0, -1)
    else if (data === "." && !value.includes(".")) typing.shown = `${value}.`
    remember(input)
    changedKey = keyOf(input)
    if (event.isTrusted) unsay(input)
    // Typed over what was selected, a letter is dropped, but not without taking that away.
    if (/^[^.]/.test(pending ?? "") && !validity.badInput && !value.includes(pending)) refuse(pending)
  }, true)
  document.addEventListener("focusout", (event) => {
    const input = at(event, INPUT)
    settlePending()
    if (!event.isTrusted || !wrong(input) || typing?.input !== input) return
    event.stopPropagation()
    const { before } = typing
    const typed = typedText()
    write(input, before)
    say(input, before === "" ? "left_empty" : "put_back", typed, before)
    queueMicrotask(() => input.dispatchEvent(new FocusEvent("focusout", { bubbles: true })))
  }, true)
  document.addEventListener("keydown", (event) => {
    const input = event.key === "Enter" ? at(event, INPUT) : null
    if (!input || typing?.input !== input) return
    settlePending()
    if (wrong(input)) {
      event.stopPropagation()
      say(input, "not_a_number", typedText())
    } else typing.before = input.value
  }, true)

  // --- the arrows, and − / + ---
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
    if (!field || (rules && !(keyOf(field) in rules))) return
    event.preventDefault()
    event.stopPropagation()
    onceConnected(() => stepNow(field.querySelector("input"), up))
  }
  const stepNow = (input, up) => {
    const key = keyOf(input)
    const to = String(next(rules[key], input.value || (numbers[key] ?? ""), up))
    unsay(input)
    if (to === input.value) return
    if (typing?.input === input) typing = { input, before: to, shown: to, refused: "" }
    write(input, to)
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
  // Streamlit disables − and + of an empty field, and draws them again when the room of a field changes.
  const enable = () => {
    for (const button of document.querySelectorAll(`:is(${UP}, ${DOWN}):disabled`)) {
      const input = button.closest(NUMBER).querySelector("input")
      if (input.value === "" && !input.disabled) button.disabled = false
    }
  }
  addEventListener("DOMContentLoaded", () => {
    const watched = { childList: true, subtree: true, attributes: true, attributeFilter: ["disabled"] }
    new MutationObserver(enable).observe(document.body, watched)
  })

  // --- what the server refuses ---
  // Scrolls the server's sentence about the field that was changed last into view, once Streamlit has drawn it.
  const showRefused = (key) => {
    const place = document.querySelector(`.st-key-${key}_refused`)
    if (key !== changedKey || !refusedKeys.includes(key)) return
    if (place?.textContent) place.scrollIntoView({ block: "nearest" })
    else requestAnimationFrame(() => showRefused(key))
  }

  window.rnnNumberFields = {
    connect(data) {
      const shown = refusedKeys
      rules = data.rules
      words = data.words
      refusedKeys = data.refused
      for (const input of document.querySelectorAll(INPUT)) {
        const key = keyOf(input)
        if (!(key in rules)) continue
        remember(input)
        const refused = refusedKeys.includes(key)
        if (refused || (input.hasAttribute("aria-invalid") && !noteOf(input))) {
          input.setAttribute("aria-invalid", String(refused))
        }
      }
      for (const act of waiting.splice(0)) setTimeout(act) // one at a time, as they were done
      if (!shown.includes(changedKey)) showRefused(changedKey)
    },
  }
}
