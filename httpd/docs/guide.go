package docs

import _ "embed" // the pages, the collection and the picture

//go:embed guide.html
var guideHTML string

//go:embed postman.json
var postmanJSON string

//go:embed speed.html
var speedHTML string

//go:embed growth.svg
var growthSVG string

// Speed is the page at /docs/speed: figures, the machine that they are of, and
// the commands that repeat them.
func Speed() []byte { return []byte(speedHTML) }

// Growth is its picture, at /docs/growth.svg, as bench --graph draws it.
func Growth() []byte { return []byte(growthSVG) }

// Guide is the page at /docs/saved-methods: the two use cases of saved-method
// payouts step by step, and what to do when something goes wrong. It has no
// script and asks for nothing but the reference's style.
func Guide() []byte { return []byte(guideHTML) }

// Postman is the collection with the same two use cases, at /docs/postman.json.
func Postman() []byte { return []byte(postmanJSON) }
