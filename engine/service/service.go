// Package service says what a beneficiary's account details are: the methods
// by which money can be paid out, the fields of each, how a field is checked
// and brought into one form, which fields make two sets of details the same
// account, and what of them may be shown.
//
// Details are a map from field name to value. Validate turns what somebody
// sent into the normalised map, which is what the locker seals, what Identity
// and Mask expect, and what a connector receives. Everything here is pure: no
// clock, no network, nothing kept, so there is nothing to hold after a crash.
//
// No error of this package shows a value, only the field's name and the rule
// it broke; what Mask returns may go to logs and pages, everything else that
// bears a value may not.
package service

import (
	"errors"
	"iter"
	"slices"
)

// ErrMethod refuses a name that is no payout method.
var ErrMethod = errors.New("service: unknown payout method")

// Kind is the family of a method, as the saved-method dialect's payout_type
// has it.
type Kind string

const (
	Card         Kind = "card"
	Bank         Kind = "bank"
	Wallet       Kind = "wallet"
	BankRedirect Kind = "bank_redirect"
	Passthrough  Kind = "passthrough" // a token that the provider already holds
	Test         Kind = "test"        // the test provider's own method
)

// Method is one way to pay out and the schema of its details.
type Method struct {
	Name   string // "card", "sepa", "paypal", ...
	Kind   Kind
	Label  string  // for a person, in English
	Fields []Field // in the order in which a form asks for them
	// AnyOf names fields of which at least one must be given; empty for none.
	AnyOf []string

	service string // the method's part of a service key
	family  string // what Identity starts with; methods that share it share accounts
}

// Field is one entry of a method's details.
type Field struct {
	Key      string
	Label    string // for a person, in English
	Hint     string // what to type, in English; may be empty
	Required bool
	Max      int // characters, as sent
	Check    Check
	// Sensitive says that the value must not be shown but as Mask shows it.
	Sensitive bool
	Mask      Rule

	names bool // the value is part of what names the account
}

// FindMethod finds a method by its name, or by one of the other names that
// the dialects use for it ("sepa_bank_transfer", "debit"). The result is the
// caller's own.
func FindMethod(name string) (Method, bool) {
	m := find(name)
	if m == nil {
		return Method{}, false
	}
	return m.clone(), true
}

// MethodKeys yields the keys of a method's fields in the order of its schema,
// without the copy that FindMethod makes; false where there is none of that name.
func MethodKeys(name string) (keys iter.Seq[string], known bool) {
	m := find(name)
	if m == nil {
		return nil, false
	}
	return func(yield func(string) bool) {
		for i := range m.Fields {
			if !yield(m.Fields[i].Key) {
				return
			}
		}
	}, true
}

// Methods yields every method; each is the caller's own.
func Methods() iter.Seq[Method] {
	return func(yield func(Method) bool) {
		for i := range methods {
			if !yield(methods[i].clone()) {
				return
			}
		}
	}
}

// Field finds a field of m by its key.
func (m *Method) Field(key string) (Field, bool) {
	for i := range m.Fields {
		if m.Fields[i].Key == key {
			return m.Fields[i], true
		}
	}
	return Field{}, false
}

func (m Method) clone() Method {
	m.Fields, m.AnyOf = slices.Clone(m.Fields), slices.Clone(m.AnyOf)
	return m
}

// find returns the row itself; it must not be changed.
func find(name string) *Method {
	switch name {
	case "credit", "debit":
		name = "card"
	case "sepa_bank_transfer":
		name = "sepa"
	case "apple_pay":
		name = "apple_pay_decrypt"
	case "google_pay":
		name = "google_pay_decrypt"
	}
	for i := range methods {
		if methods[i].Name == name {
			return &methods[i]
		}
	}
	return nil
}
