package hosted

import (
	"cmp"
	"context"
	"slices"

	"penstock/engine"
	"penstock/engine/money"
	"penstock/engine/service"
)

// payable are the services that the page offers for an amount, in the order
// in which it does. forms are the methods that a payment is limited to, cards
// then included; nil: any.
func (a *API) payable(ctx context.Context, s engine.Scope, amount money.Amount, forms []string) ([]service.Service, error) {
	all, err := a.Engine.Payable(ctx, s, amount)
	if err != nil {
		return nil, err
	}
	has := func(method string) bool {
		return slices.ContainsFunc(all, func(sv service.Service) bool { return sv.Method == method })
	}
	if forms != nil {
		all = slices.DeleteFunc(all, func(sv service.Service) bool { return a.among(forms, sv, amount) == "" })
	}
	sepa, bacs, pix := has("sepa"), has("bacs"), has("pix_key")
	all = slices.DeleteFunc(all, func(sv service.Service) bool {
		switch sv.Method {
		case "payment_card", "card":
			return !a.Settings.Cards && forms == nil
		case "apple_pay", "google_pay", "passthrough": // what a person has no number of
			return true
		case "sepa_credit_transfer_individual", "open_banking", "open_banking_uk": // the same account under another name
			return sepa || bacs
		case "pix", "pix_emv":
			return pix
		case "test":
			return s.Mode != engine.Test
		}
		return false
	})
	slices.SortStableFunc(all, func(x, y service.Service) int {
		return cmp.Or(cmp.Compare(place(x), place(y)), cmp.Compare(x.Code, y.Code))
	})
	return all, nil
}

// among is that of the forms that a service takes for an amount; empty: none.
func (a *API) among(forms []string, sv service.Service, amount money.Amount) string {
	for _, form := range forms {
		if code, err := a.Engine.Directory.ServiceKey(form, amount.Currency()); err == nil && code == sv.Code {
			return form
		}
	}
	return ""
}

// place is where a service stands among others: what most people have first.
func place(sv service.Service) int {
	switch {
	case sv.Kind == service.Test:
		return 9
	case sv.Method == "swift":
		return 7
	case sv.Method == "sepa" || sv.Method == "ach" || sv.Method == "bacs" || sv.Method == "pix_key":
		return 0
	case sv.Kind == service.Card:
		return 1
	case sv.Kind == service.Bank:
		return 3
	case sv.Kind == service.Wallet:
		return 4
	}
	return 2
}

// family is the kind of a service as the page calls it.
func family(sv service.Service) string {
	switch sv.Kind {
	case service.Bank, service.BankRedirect:
		return "bank"
	case service.Card:
		return "card"
	case service.Test:
		return "test"
	}
	for _, f := range sv.Fields {
		if f.Target().Check == service.CheckMobile {
			return "mobile"
		}
	}
	return "wallet"
}

// asked are the fields that the page asks for: what is needed, what may stand
// for what is needed, and who the account's holder is.
func asked(sv service.Service) []service.ServiceField {
	return slices.DeleteFunc(slices.Clone(sv.Fields), func(f service.ServiceField) bool {
		return !f.Required && !slices.Contains(sv.AnyOf, f.Key) && !isHolder(f) && f.Target().Check != service.CheckMonth && f.Target().Check != service.CheckYear
	})
}

func isHolder(f service.ServiceField) bool {
	return f.Target().Key == "account_holder_name" || f.Target().Key == "card_holder_name"
}

// needed says whether the page insists on a field. It wants the name of a bank
// account's holder although not every service does: a bank compares it. And the
// end of a card, without which nobody pays to one or by one.
func needed(sv service.Service, f service.ServiceField) bool {
	check := f.Target().Check
	return f.Required || isHolder(f) && sv.Kind == service.Bank || check == service.CheckMonth || check == service.CheckYear
}
