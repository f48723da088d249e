package ui

import (
	"errors"
	"html/template"
)

// icons are drawn on a grid of 16, with lines of 1.5 in the colour of the
// text. Shapes of tones are filled, so that each differs in outline too.
var icons = map[string]string{
	"home":    `<path d="M2.5 7.5 8 3l5.5 4.5v5.75H9.75V9.5h-3.5v3.75H2.5z"/>`,
	"request": `<path d="M2 8h9.5M8 4.25 11.75 8 8 11.75M14 3.5v9"/>`,
	"deposit": `<path d="M2.25 6.25 8 3l5.75 3.25zM4 6.5v5M8 6.5v5M12 6.5v5M2.25 13h11.5"/>`,
	"route":   `<circle cx="3.5" cy="3.5" r="1.5"/><circle cx="12.5" cy="12.5" r="1.5"/><path d="M5 3.5h4.25a2.25 2.25 0 0 1 0 4.5h-2.5a2.25 2.25 0 0 0 0 4.5H11"/>`,
	"scheme":  `<path d="M3 2.5v8.25a2 2 0 0 0 2 2h8M3 5.75h10"/><circle cx="13" cy="5.75" r=".5"/><circle cx="13" cy="12.75" r=".5"/>`,
	"rate":    `<path d="M2.5 5.5h9.75M9.75 2.75 12.5 5.5 9.75 8.25M13.5 10.5H3.75M6.25 7.75 3.5 10.5l2.75 2.75"/>`,
	"point":   `<path d="M8 14s4.5-3.75 4.5-7.5a4.5 4.5 0 0 0-9 0C3.5 10.25 8 14 8 14z"/><circle cx="8" cy="6.5" r="1.5"/>`,
	"account": `<rect x="2" y="4" width="12" height="8.5" rx="1.5"/><path d="M2 7h12M4.5 10h2.5"/>`,
	"hook":    `<path d="M2.5 4.25h11v7.5h-11zM2.5 4.75 8 9l5.5-4.25"/>`,
	"people":  `<circle cx="6" cy="5" r="2.25"/><path d="M2 13c0-2.25 1.75-4 4-4s4 1.75 4 4M10.5 3a2.25 2.25 0 0 1 0 4M11.5 9.25c1.5.5 2.5 2 2.5 3.75"/>`,
	"log":     `<path d="M4 2.5h8v11H4zM6 5.5h4M6 8h4M6 10.5h2.5"/>`,
	"card":    `<rect x="2" y="3.5" width="12" height="9" rx="1.5"/><path d="M2 6.5h12M4.5 10h3"/>`,
	"link":    `<path d="M6.75 9.25a2.5 2.5 0 0 0 3.6 0l2.4-2.4a2.55 2.55 0 0 0-3.6-3.6l-1 1M9.25 6.75a2.5 2.5 0 0 0-3.6 0l-2.4 2.4a2.55 2.55 0 0 0 3.6 3.6l1-1"/>`,
	"book":    `<path d="M3 3h4.25v10.25H3zM8.75 3H13v10.25H8.75z"/>`,
	"key":     `<circle cx="5.25" cy="10.75" r="2.75"/><path d="m7.25 8.75 6-6M10.5 5.5l2 2"/>`,
	"gear":    `<path d="M2.5 4.5h6M11.5 4.5h2M2.5 11.5h2M7.5 11.5h6"/><circle cx="10" cy="4.5" r="1.5"/><circle cx="6" cy="11.5" r="1.5"/>`,
	"system":  `<rect x="2.5" y="2.75" width="11" height="4.5" rx="1"/><rect x="2.5" y="8.75" width="11" height="4.5" rx="1"/><path d="M5 5h.01M5 11h.01"/>`,
	"save":    `<path d="M8 2.75v7M5 6.75 8 9.75l3-3M2.75 13h10.5"/>`,
	"star":    `<path d="m8 2.5 1.7 3.5 3.8.55-2.75 2.7.65 3.8L8 11.25l-3.4 1.8.65-3.8L2.5 6.55 6.3 6z"/>`,
	"up":      `<path d="M8 9.75v-7M5 5.75 8 2.75l3 3M2.75 13h10.5"/>`,
	"books":   `<path d="M2.5 3.25h4v9.5h-4zM9.5 3.25h4v9.5h-4zM4 6h1M4 8.5h1M11 6h1M11 8.5h1"/>`,
	"menu":    `<path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11"/>`,
	"search":  `<circle cx="7" cy="7" r="4.25"/><path d="m10.25 10.25 3.25 3.25"/>`,
	"down":    `<path d="m4.5 6.25 3.5 3.5 3.5-3.5"/>`,
	"right":   `<path d="m6.25 4.5 3.5 3.5-3.5 3.5"/>`,
	"left":    `<path d="M9.75 4.5 6.25 8l3.5 3.5"/>`,
	"copy":    `<rect x="5.5" y="5.5" width="8" height="8" rx="1.25"/><path d="M10.5 5.5V3.75A1.25 1.25 0 0 0 9.25 2.5h-5.5A1.25 1.25 0 0 0 2.5 3.75v5.5a1.25 1.25 0 0 0 1.25 1.25H5.5"/>`,
	"close":   `<path d="m4.25 4.25 7.5 7.5M11.75 4.25l-7.5 7.5"/>`,
	"reload":  `<path d="M13 8a5 5 0 1 1-1.6-3.65M13.25 2.5v3h-3"/>`,
	"out":     `<path d="M6.5 2.75h-3v10.5h3M6.5 8h7M10.75 5.25 13.5 8l-2.75 2.75"/>`,
	"plus":    `<path d="M8 3v10M3 8h10"/>`,
	"play":    `<path d="M5 3.25v9.5L12.5 8z"/>`,
	"theme":   `<circle cx="8" cy="8" r="5.25"/><path d="M8 2.75a5.25 5.25 0 0 1 0 10.5z" fill="currentColor"/>`,
	"note":    `<path d="M9.5 2.5h-6v11h9v-8zM9.25 2.75v3h3M5.75 8.5h4.5M5.75 11h3"/>`,

	"tone-good": `<path class="fill" fill-rule="evenodd" d="M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zm3.4 4.1-1-.95-3.3 3.5-1.55-1.6-1 .95 2.55 2.65z"/>`,
	"tone-move": `<circle cx="8" cy="8" r="5.5"/><path class="fill" d="M8 4.5a3.5 3.5 0 0 1 0 7z"/>`,
	"tone-wait": `<circle cx="8" cy="8" r="5.5"/>`,
	"tone-warn": `<path class="fill" fill-rule="evenodd" d="M8 1.75 15 14H1zm-.7 4.5v3.9h1.4v-3.9zm0 5v1.4h1.4v-1.4z"/>`,
	"tone-bad":  `<path class="fill" fill-rule="evenodd" d="M5.2 1.5h5.6l3.7 3.7v5.6l-3.7 3.7H5.2l-3.7-3.7V5.2zm.4 3.2-.9.9L7.1 8l-2.4 2.4.9.9L8 8.9l2.4 2.4.9-.9L8.9 8l2.4-2.4-.9-.9L8 7.1z"/>`,
	"tone-off":  `<path class="fill" fill-rule="evenodd" d="M2 2h12v12H2zm2.5 5.25v1.5h7v-1.5z"/>`,
}

// icon is a picture beside words that say the same; it is hidden from those
// who hear a page.
func icon(name string) (template.HTML, error) {
	d, ok := icons[name]
	if !ok {
		return "", errors.New("no icon " + name)
	}
	return template.HTML(`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">` + d + `</svg>`), nil // constants of this file alone
}
