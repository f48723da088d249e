package rest

import (
	"encoding/json"

	"penstock/engine"
	"penstock/httpd/wire"
)

// methodWord is payment_method: the families of the original, of which money
// can be paid out by some.
type methodWord string

func (m *methodWord) UnmarshalText(text []byte) error {
	return wire.OneOf(m, text, "card", "card_redirect", "pay_later", "wallet", "bank_redirect", "bank_transfer", "crypto", "bank_debit",
		"reward", "real_time_payment", "upi", "voucher", "gift_card", "open_banking", "mobile_payment")
}

// typeWord is payment_method_type, of which the original has more than a
// hundred: any word will do and is echoed.
type typeWord string

func (w *typeWord) UnmarshalText(text []byte) error {
	for _, c := range text {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return wire.Rule("must be small letters, digits and underscores")
		}
	}
	if len(text) == 0 || len(text) > 64 {
		return wire.Rule("must have 1 to 64 characters")
	}
	*w = typeWord(text)
	return nil
}

// methodRequest saves a payment method, or completes one.
type methodRequest struct {
	CustomerID   *chosenID              `json:"customer_id"`
	Method       *methodWord            `json:"payment_method"`
	Type         *typeWord              `json:"payment_method_type"`
	Card         *fields                `json:"card"`
	BankTransfer *fields                `json:"bank_transfer"`
	BankTagged   *taggedBank            `json:"bank_transfer_data"`
	Wallet       *walletData            `json:"wallet"`
	BankRedirect *redirectData          `json:"bank_redirect"`
	Data         *methodDataMember      `json:"payment_method_data"`
	Metadata     wire.Object            `json:"metadata"`
	Billing      *carried[billingShape] `json:"billing"`
	ClientSecret *string                `json:"client_secret"`
	Acceptance   *acceptance            `json:"customer_acceptance"`
}

// acceptance is the consent to a method's being stored. text_version is ours.
type acceptance struct {
	Type    *acceptanceWord `json:"acceptance_type"`
	At      *clock          `json:"accepted_at"`
	Online  wire.Object     `json:"online"`
	Version *string         `json:"text_version"`
}

type acceptanceWord string

func (w *acceptanceWord) UnmarshalText(text []byte) error {
	return wire.OneOf(w, text, "online", "offline")
}

// consent is what the engine keeps of it.
func (a *acceptance) consent(source string) (c engine.Consent) {
	c.Source = source
	if a != nil && a.At != nil {
		c.At = a.At.Time
	}
	if a != nil {
		c.Text = said(a.Version)
	}
	return c
}

// methodDataMember is the nested form in which browsers send details.
type methodDataMember struct {
	Card         *fields       `json:"card"`
	BankTransfer *fields       `json:"bank_transfer"`
	Wallet       *walletData   `json:"wallet"`
	BankRedirect *redirectData `json:"bank_redirect"`
}

// methodCard is a saved card as it is shown.
type methodCard struct {
	Scheme        *string `json:"scheme"`
	IssuerCountry *string `json:"issuer_country"`
	Last4         *string `json:"last4_digits"`
	ExpiryMonth   *string `json:"expiry_month"`
	ExpiryYear    *string `json:"expiry_year"`
	Token         *string `json:"card_token"`
	Holder        *string `json:"card_holder_name"`
	Fingerprint   *string `json:"card_fingerprint"`
	Nick          *string `json:"nick_name"`
	Network       *string `json:"card_network"`
	ISIN          *string `json:"card_isin"`
	Issuer        *string `json:"card_issuer"`
	Type          *string `json:"card_type"`
	Saved         bool    `json:"saved_to_locker"`
}

type methodResponse struct {
	MerchantID   string          `json:"merchant_id"`
	CustomerID   string          `json:"customer_id"`
	MethodID     string          `json:"payment_method_id"`
	Method       string          `json:"payment_method"`
	Type         *string         `json:"payment_method_type"`
	Card         *methodCard     `json:"card"`
	Recurring    bool            `json:"recurring_enabled"`
	Installment  bool            `json:"installment_payment_enabled"`
	Experience   []string        `json:"payment_experience"`
	Metadata     json.RawMessage `json:"metadata"`
	Created      string          `json:"created"`
	BankTransfer masked          `json:"bank_transfer"`
	LastUsed     string          `json:"last_used_at"`
	ClientSecret *string         `json:"client_secret"`
}

type methodDeleted struct {
	MethodID string `json:"payment_method_id"`
	Deleted  bool   `json:"deleted"`
}

type defaultResponse struct {
	MethodID   string  `json:"default_payment_method_id"`
	CustomerID string  `json:"customer_id"`
	Method     string  `json:"payment_method"`
	Type       *string `json:"payment_method_type"`
}

// listedMethod is one entry of a customer's list.
type listedMethod struct {
	Token        string          `json:"payment_token"`
	MethodID     string          `json:"payment_method_id"`
	CustomerID   string          `json:"customer_id"`
	Method       string          `json:"payment_method"`
	Type         *string         `json:"payment_method_type"`
	Issuer       *string         `json:"payment_method_issuer"`
	IssuerCode   *string         `json:"payment_method_issuer_code"`
	Recurring    bool            `json:"recurring_enabled"`
	Installment  bool            `json:"installment_payment_enabled"`
	Experience   []string        `json:"payment_experience"`
	Card         *methodCard     `json:"card"`
	Metadata     json.RawMessage `json:"metadata"`
	Created      string          `json:"created"`
	BankTransfer masked          `json:"bank_transfer"`
	Bank         *bankMask       `json:"bank"`
	Surcharge    *string         `json:"surcharge_details"`
	RequiresCVV  bool            `json:"requires_cvv"`
	LastUsed     string          `json:"last_used_at"`
	Default      bool            `json:"default_payment_method_set"`
	Billing      json.RawMessage `json:"billing"`
}

// masked is details as they may be shown; null when there are none.
type masked map[string]string

func (m masked) MarshalJSON() ([]byte, error) {
	if m == nil {
		return []byte("null"), nil
	}
	return wire.Encode(map[string]string(m))
}

type bankMask struct {
	Mask string `json:"mask"`
}

type methodList struct {
	Methods []listedMethod `json:"customer_payment_methods"`
	Guest   *bool          `json:"is_guest_customer"`
}
