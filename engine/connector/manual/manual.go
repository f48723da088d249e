// Package manual is the provider that is a person. A payout over it waits, and
// somebody pays it outside, in the bank's own program or with a cheque, and
// then states its fate. Nothing here moves money, keeps anything or speaks to
// anybody: the list of what is to be paid is the list of payouts itself.
package manual

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"penstock/engine/connector"
)

// Provider is the name in the catalogue.
const Provider = "manual"

// Credentials of an account; neither is secret.
const (
	// MID is the name that the merchant gives the account, e.g. as the bank
	// has it: up to 32 printable characters. It may be left out.
	MID = "mid"
	// Methods are the payout methods that the person pays by, with commas
	// between: "sepa, swift". An entry may be a whole service ("sepa_eur").
	// Left out, the person pays by all of them.
	Methods = "methods"
)

const (
	maxMID     = 32
	maxMethods = 64
	maxMethod  = 64
)

// New builds the connector of an account. Errors name the credential and the
// rule that it broke.
func New(a connector.Account) (connector.Connector, error) {
	if n := utf8.RuneCountInString(a.Secrets[MID]); n > maxMID || !printable(a.Secrets[MID]) {
		return nil, fmt.Errorf("manual: %s: must be up to %d printable characters", MID, maxMID)
	}
	methods, err := readMethods(a.Secrets[Methods])
	if err != nil {
		return nil, err
	}
	return &account{methods: methods}, nil
}

func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 })
}

func readMethods(list string) (map[string]bool, error) {
	if strings.TrimSpace(list) == "" {
		return nil, nil
	}
	methods := map[string]bool{}
	for entry := range strings.SplitSeq(list, ",") {
		name := strings.TrimSpace(entry)
		if name == "" || len(name) > maxMethod || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			return nil, fmt.Errorf("manual: %s: must be names of payout methods with commas between, e.g. \"sepa, swift\"", Methods)
		}
		if methods[name] = true; len(methods) > maxMethods {
			return nil, fmt.Errorf("manual: %s: at most %d", Methods, maxMethods)
		}
	}
	return methods, nil
}

// account is one that a person pays from; nil methods are all.
type account struct {
	connector.Mute
	methods map[string]bool
}

// Traits are those of a hand-over within the process. The same order handed
// over twice is still one payout on the person's list. There is nobody to ask,
// and what was refused may be taken once the account lists the method.
func (*account) Traits() connector.Traits { return connector.Traits{Idempotent: true} }

// Send takes the order and waits. It is refused where the account doesn't pay
// by its method; nobody has seen it then.
func (a *account) Send(ctx context.Context, in connector.Instruction) (connector.Outcome, error) {
	if err := ctx.Err(); err != nil {
		return connector.Doubt(fmt.Errorf("manual: order was not handed over: %w", err))
	}
	if !in.Amount.IsPositive() {
		return connector.Refuse(connector.InvalidAmount, "an amount to pay is more than zero"), nil
	}
	if !a.pays(in.Service) {
		return connector.Refuse(connector.InvalidMethod, "nobody pays by this method here: see the account's methods"), nil
	}
	return connector.Outcome{Verdict: connector.Accepted, Message: "waits for a person to pay it and to state so"}, nil
}

func (a *account) pays(service string) bool {
	if a.methods == nil || a.methods[service] {
		return true
	}
	i := strings.LastIndexByte(service, '_')
	return i > 0 && a.methods[service[:i]]
}

var errNobody = errors.New("manual: only the person who pays knows")

// Lookup finds nobody to ask.
func (*account) Lookup(context.Context, string) (connector.Outcome, error) {
	return connector.Doubt(fmt.Errorf("%w: %w", errNobody, connector.ErrNoLookup))
}
