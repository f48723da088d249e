package engine_test

import (
	"testing"

	"penstock/engine"
	"penstock/engine/sim"
)

func TestASecurityCodeIsRefusedAtAnyDepthOfWhatIsStored(t *testing.T) {
	k := newKit(t, sim.Config{})
	for text, bad := range map[string]bool{
		`{"cvv":"123"}`: true, `{"a":[{"b":{"card_cvc":1}}]}`: true, `{"Security-Code":null}`: true, `{"\u0063vv":1}`: true, "{\"a\\\"\": 1, \"cvv\" \n : 1}": true, `{"a\\":"cvv:","b":["cvv","c\"vv\":"]}`: false, `{"a":"cvv","note":"cvv 123"}`: false,
	} {
		_, err := k.Engine.CreateCustomer(k.Ctx, k.me, "", engine.Person{Metadata: []byte(text)}, nil)
		_, err2 := k.Engine.Create(k.Ctx, k.me, engine.NewRequest{Dialect: "rest", Amount: eur(1), Extra: []byte(text)}, nil)
		for _, err := range []error{err, err2} {
			if bad {
				wantCode(t, err, engine.CodeInvalid)
			} else {
				must(t, err)
			}
		}
	}
}
