package rest

import (
	"encoding/json"

	"penstock/engine/service"
	"penstock/httpd/wire"
)

// payoutRequest creates, updates or confirms a payout. Unknown members are
// refused.
type payoutRequest struct {
	PayoutID         *chosenID              `json:"payout_id"`
	MerchantID       *string                `json:"merchant_id"`
	OrderRef         *string                `json:"merchant_order_reference_id"`
	Amount           *minorUnits            `json:"amount"`
	Currency         *currencyCode          `json:"currency"`
	Routing          *routing               `json:"routing"`
	Connector        []connectorName        `json:"connector"`
	Confirm          *bool                  `json:"confirm"`
	AutoFulfill      *bool                  `json:"auto_fulfill"`
	Type             *payoutType            `json:"payout_type"`
	Data             *payoutData            `json:"payout_method_data"`
	Token            *string                `json:"payout_token"`
	MethodID         *string                `json:"payout_method_id"`
	Recurring        *bool                  `json:"recurring"`
	SourceBank       *taggedBank            `json:"source_bank_data"`
	Billing          *carried[billingShape] `json:"billing"`
	CustomerID       *chosenID              `json:"customer_id"`
	Customer         *customerMember        `json:"customer"`
	Name             *string                `json:"name"`
	Email            *emailText             `json:"email"`
	Phone            *string                `json:"phone"`
	PhoneCountryCode *string                `json:"phone_country_code"`
	ClientSecret     *string                `json:"client_secret"`
	ReturnURL        *string                `json:"return_url"`
	Description      *string                `json:"description"`
	Metadata         wire.Object            `json:"metadata"`
	Browser          wire.Object            `json:"browser_info"`
	BusinessCountry  *countryCode           `json:"business_country"`
	BusinessLabel    *string                `json:"business_label"`
	Entity           *entityType            `json:"entity_type"`
	Priority         *priority              `json:"priority"`
	ProfileID        *string                `json:"profile_id"`
	Link             *bool                  `json:"payout_link"`
	LinkConfig       wire.Object            `json:"payout_link_config"`
	SessionExpiry    *uint32                `json:"session_expiry"`
}

// customerMember is who is paid, said in the payout itself.
type customerMember struct{ customerMemberShape }

type customerMemberShape struct {
	ID               *chosenID   `json:"id"`
	Name             *string     `json:"name"`
	Email            *emailText  `json:"email"`
	Phone            *string     `json:"phone"`
	PhoneCountryCode *string     `json:"phone_country_code"`
	TaxID            *string     `json:"tax_registration_id"`
	Document         wire.Object `json:"document_details"`
}

func (c *customerMember) UnmarshalJSON(b []byte) error {
	return wire.Decode(b, &c.customerMemberShape, wire.DecodeOptions{IgnoreUnknown: true, AnyValue: true})
}

// payoutExtra is what only this dialect knows of a payout. The engine carries
// it and does not look inside. It bears no account: those of source_bank_data
// are masked before they get here.
type payoutExtra struct {
	Secret          string            `json:"secret"` // the random part of the client secret
	Type            string            `json:"type,omitzero"`
	OrderRef        string            `json:"order_ref,omitzero"`
	ReturnURL       string            `json:"return_url,omitzero"`
	Description     string            `json:"description,omitzero"`
	Metadata        json.RawMessage   `json:"metadata,omitzero"`
	Billing         json.RawMessage   `json:"billing,omitzero"`
	SourceForm      string            `json:"source_form,omitzero"`
	Source          map[string]string `json:"source,omitzero"`
	BusinessCountry string            `json:"business_country,omitzero"`
	BusinessLabel   string            `json:"business_label,omitzero"`
	Entity          string            `json:"entity,omitzero"`
	Priority        string            `json:"priority,omitzero"`
	Link            *linkExtra        `json:"link,omitzero"`
	LinkAt          string            `json:"link_at,omitzero"`
}

type payoutResponse struct {
	PayoutID        string          `json:"payout_id"`
	MerchantID      string          `json:"merchant_id"`
	OrderRef        *string         `json:"merchant_order_reference_id"`
	Amount          int64           `json:"amount"`
	Currency        string          `json:"currency"`
	Connector       *string         `json:"connector"`
	Type            *string         `json:"payout_type"`
	Data            *detailsShown   `json:"payout_method_data"`
	SourceBank      masked          `json:"source_bank_data"`
	Billing         json.RawMessage `json:"billing"`
	AutoFulfill     bool            `json:"auto_fulfill"`
	CustomerID      *string         `json:"customer_id"`
	Customer        *customerShown  `json:"customer"`
	ClientSecret    *string         `json:"client_secret"`
	ReturnURL       *string         `json:"return_url"`
	BusinessCountry *string         `json:"business_country"`
	BusinessLabel   *string         `json:"business_label"`
	Description     *string         `json:"description"`
	Entity          string          `json:"entity_type"`
	Recurring       bool            `json:"recurring"`
	Metadata        json.RawMessage `json:"metadata"`
	AccountID       *string         `json:"merchant_connector_id"`
	Status          string          `json:"status"`
	ErrorMessage    *string         `json:"error_message"`
	ErrorCode       *string         `json:"error_code"`
	ProfileID       string          `json:"profile_id"`
	Created         string          `json:"created"`
	TransactionID   *string         `json:"connector_transaction_id"`
	Priority        *string         `json:"priority"`
	Attempts        []payoutAttempt `json:"attempts,omitzero"`
	Link            *payoutLink     `json:"payout_link"`
	Email           *string         `json:"email"`
	Name            *string         `json:"name"`
	Phone           *string         `json:"phone"`
	PhoneCode       *string         `json:"phone_country_code"`
	UnifiedCode     *string         `json:"unified_code"`
	UnifiedMessage  *string         `json:"unified_message"`
	MethodID        *string         `json:"payout_method_id"`
	// AmountReceived is ours: what the recipient got of a payout that is
	// success although less than asked was paid; left out otherwise.
	AmountReceived *int64 `json:"amount_received,omitzero"`
}

type customerShown struct {
	ID               string          `json:"id"`
	Name             *string         `json:"name"`
	Email            *string         `json:"email"`
	Phone            *string         `json:"phone"`
	PhoneCountryCode *string         `json:"phone_country_code"`
	Document         json.RawMessage `json:"customer_document_details"`
}

type payoutAttempt struct {
	ID             string  `json:"attempt_id"`
	Status         string  `json:"status"`
	Amount         int64   `json:"amount"`
	Currency       string  `json:"currency"`
	Connector      *string `json:"connector"`
	ErrorCode      *string `json:"error_code"`
	ErrorMessage   *string `json:"error_message"`
	Method         *string `json:"payment_method"`
	MethodType     *string `json:"payout_method_type"`
	TransactionID  *string `json:"connector_transaction_id"`
	Cancellation   *string `json:"cancellation_reason"`
	UnifiedCode    *string `json:"unified_code"`
	UnifiedMessage *string `json:"unified_message"`
}

// detailsShown is the masked echo of payout_method_data: an object of one member,
// which is named like the kind.
type detailsShown struct {
	kind  service.Kind
	card  *cardShown // nil: it is of another kind
	other masked
}

// cardShown is the echo of a card: what its number tells, and no number.
type cardShown struct {
	Issuer      *string `json:"card_issuer"`
	Network     *string `json:"card_network"`
	Type        *string `json:"card_type"`
	Country     *string `json:"card_issuing_country"`
	BankCode    *string `json:"bank_code"`
	Last4       *string `json:"last4"`
	ISIN        *string `json:"card_isin"`
	ExtendedBIN *string `json:"card_extended_bin"`
	ExpiryMonth *string `json:"card_exp_month"`
	ExpiryYear  *string `json:"card_exp_year"`
	Holder      *string `json:"card_holder_name"`
}

// payoutLink is null where there is none.
type payoutLink struct {
	ID   string `json:"payout_link_id"`
	Link string `json:"link"`
}
