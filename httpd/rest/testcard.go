package rest

import (
	"penstock/engine"
	"penstock/engine/connector"
	"penstock/engine/service"
)

// checkCard keeps real cards out of test mode: whoever types one there has
// mistaken a test for the real thing. What is no card number at all is refused
// elsewhere, in the words for that.
func (a *API) checkCard(who engine.Caller, d connector.Details) error {
	if who.Mode != engine.Test || a.AnyCard {
		return nil
	}
	for _, name := range []string{"card_number", "dpan", "application_primary_account_number"} {
		if service.MaybeRealCard(d[name]) {
			return refuse(422, "IR_06", name+" must be one of the published test numbers: a real card does not belong into test mode")
		}
	}
	return nil
}
