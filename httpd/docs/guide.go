package docs

import _ "embed" // the guide and the collection

//go:embed guide.html
var guideHTML string

//go:embed postman.json
var postmanJSON string

// Guide is the page at /docs/saved-methods: the two use cases of saved-method
// payouts step by step, and what to do when something goes wrong. It has no
// script and asks for nothing but the reference's style.
func Guide() []byte { return []byte(guideHTML) }

// Postman is the collection with the same two use cases, at /docs/postman.json.
func Postman() []byte { return []byte(postmanJSON) }
