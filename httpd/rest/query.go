package rest

import (
	"errors"
	"fmt"
	"strconv"

	"penstock/engine"
	"penstock/httpd/wire"
)

// badQuery is a parameter that can't be read.
func badQuery(format string, args ...any) *refusal {
	return &refusal{status: 400, code: "IR_06", message: "Query deserialize error: " + fmt.Sprintf(format, args...), unread: true}
}

// number reads a whole number of the query, def when it is absent.
func number(c *wire.Call, name string, def, least, most int) (int, error) {
	text := c.Query(name)
	if text == "" {
		return def, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, badQuery("%s: invalid digit found in string", name)
	}
	if n < least || n > most {
		return 0, refuse(422, "IR_06", fmt.Sprintf("%s should be in between %d and %d", name, least, most))
	}
	return n, nil
}

// flag reads true or false of the query; absent is false.
func flag(c *wire.Call, name string) (bool, error) {
	switch c.Query(name) {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	}
	return false, badQuery("%s: provided string was not `true` or `false`", name)
}

// isCode says whether err is the engine's refusal of that code.
func isCode(err error, code engine.Code) bool {
	var refused *engine.Error
	return errors.As(err, &refused) && refused.Code == code
}
