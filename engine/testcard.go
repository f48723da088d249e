package engine

import (
	"penstock/engine/connector"
	"penstock/engine/service"
)

// TestCardRule is the rule that a real card breaks in test mode, a sentence
// without its subject.
const TestCardRule = "must be one of the published test numbers: a real card does not belong into test mode"

// testCardHint says what to type instead.
const testCardHint = "use a number published for tests, e.g. 4111111111111111, which is paid; the docs list those that fail, wait or are paid in part"

// RefusesCard says whether a number may not be typed in a mode: whoever types a
// card that somebody may have into test mode has mistaken a test for the real
// thing. What is no card number at all is refused elsewhere, in the words for
// that.
func (e *Engine) RefusesCard(m Mode, number string) bool {
	return m == Test && !e.AnyCard && service.MaybeRealCard(number)
}

// keepOut is RefusesCard for details that come from outside; CodeRealCard. It
// isn't asked of what is stored: that was taken under the setting of its time.
func (e *Engine) keepOut(s Scope, form string, d connector.Details) error {
	if s.Mode != Test || e.AnyCard {
		return nil
	}
	if field := e.Directory.RealCard(form, d); field != "" {
		return &Error{Code: CodeRealCard, Field: field, Message: TestCardRule, Hint: testCardHint}
	}
	return nil
}
