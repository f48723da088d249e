package rest

import (
	"encoding/json"

	"penstock/httpd/wire"
)

// paymentRequest creates, updates or confirms a payment, as far as payouts
// need payments: by card. Members that are not here are ignored.
type paymentRequest struct {
	PaymentID     *chosenID              `json:"payment_id"`
	MerchantID    *string                `json:"merchant_id"`
	Amount        *minorUnits            `json:"amount"`
	Currency      *currencyCode          `json:"currency"`
	Confirm       *bool                  `json:"confirm"`
	CaptureMethod *captureMethod         `json:"capture_method"`
	ToCapture     *minorUnits            `json:"amount_to_capture"`
	CustomerID    *chosenID              `json:"customer_id"`
	Email         *emailText             `json:"email"`
	Name          *string                `json:"name"`
	Phone         *string                `json:"phone"`
	PhoneCode     *string                `json:"phone_country_code"`
	Future        *futureUsage           `json:"setup_future_usage"`
	Acceptance    *acceptance            `json:"customer_acceptance"`
	Method        *methodWord            `json:"payment_method"`
	Type          *typeWord              `json:"payment_method_type"`
	Data          *paymentData           `json:"payment_method_data"`
	Token         *string                `json:"payment_token"`
	OffSession    *bool                  `json:"off_session"`
	Recurring     *recurringDetails      `json:"recurring_details"`
	ReturnURL     *string                `json:"return_url"`
	Description   *string                `json:"description"`
	Billing       *carried[billingShape] `json:"billing"`
	Shipping      *carried[billingShape] `json:"shipping"`
	ProfileID     *string                `json:"profile_id"`
	Metadata      wire.Object            `json:"metadata"`
	ClientSecret  *string                `json:"client_secret"`
	Auth          *authType              `json:"authentication_type"`
	Routing       *routing               `json:"routing"`
	SessionExpiry *int64                 `json:"session_expiry"`
}

// paymentData is the card that pays.
type paymentData struct {
	Card         *fields     `json:"card"`
	Wallet       wire.Object `json:"wallet"`
	BankTransfer wire.Object `json:"bank_transfer"`
	BankRedirect wire.Object `json:"bank_redirect"`
	BankDebit    wire.Object `json:"bank_debit"`
}

// recurringDetails names a saved method.
type recurringDetails struct {
	Type *string `json:"type"`
	Data *string `json:"data"`
}

type captureMethod string

func (m *captureMethod) UnmarshalText(text []byte) error {
	return wire.OneOf(m, text, "automatic", "manual")
}

// authType says whether the customer is to be asked for (3-D Secure).
type authType string

func (t *authType) UnmarshalText(text []byte) error {
	return wire.OneOf(t, text, "three_ds", "no_three_ds")
}

type futureUsage string

func (f *futureUsage) UnmarshalText(text []byte) error {
	return wire.OneOf(f, text, "on_session", "off_session")
}

// captureRequest captures a payment, or some of it.
type captureRequest struct {
	Amount *minorUnits `json:"amount_to_capture"`
}

type refundRequest struct {
	RefundID  *chosenID   `json:"refund_id"`
	PaymentID *chosenID   `json:"payment_id"`
	Amount    *minorUnits `json:"amount"`
	Reason    *string     `json:"reason"`
}

// paymentExtra is what only this dialect knows of a payment.
type paymentExtra struct {
	Secret      string          `json:"secret"`
	ReturnURL   string          `json:"return_url,omitzero"`
	Description string          `json:"description,omitzero"`
	Metadata    json.RawMessage `json:"metadata,omitzero"`
	Billing     json.RawMessage `json:"billing,omitzero"`
	Shipping    json.RawMessage `json:"shipping,omitzero"`
	Auth        string          `json:"auth,omitzero"`
	Back        string          `json:"back,omitzero"` // with which the payer comes back
}

type paymentResponse struct {
	PaymentID    string          `json:"payment_id"`
	MerchantID   string          `json:"merchant_id"`
	Status       string          `json:"status"`
	Amount       int64           `json:"amount"`
	Capturable   int64           `json:"amount_capturable"`
	Received     int64           `json:"amount_received"`
	Currency     string          `json:"currency"`
	Connector    *string         `json:"connector"`
	ClientSecret *string         `json:"client_secret"`
	Created      string          `json:"created"`
	CustomerID   *string         `json:"customer_id"`
	Description  *string         `json:"description"`
	Refunds      []refundShown   `json:"refunds"`
	Capture      string          `json:"capture_method"`
	Method       *string         `json:"payment_method"`
	Data         any             `json:"payment_method_data"`
	MethodID     *string         `json:"payment_method_id"`
	Future       *string         `json:"setup_future_usage"`
	ReturnURL    *string         `json:"return_url"`
	Billing      json.RawMessage `json:"billing"`
	Shipping     json.RawMessage `json:"shipping"`
	Metadata     json.RawMessage `json:"metadata"`
	ErrorCode    *string         `json:"error_code"`
	ErrorMessage *string         `json:"error_message"`
	ProfileID    string          `json:"profile_id"`
	AccountID    *string         `json:"merchant_connector_id"`
	External     *string         `json:"connector_transaction_id"`
	Auth         *string         `json:"authentication_type"`
	Next         *nextAction     `json:"next_action"`
}

// nextAction is where the customer goes on.
type nextAction struct {
	Type string `json:"type"` // redirect_to_url
	URL  string `json:"redirect_to_url"`
}

type refundShown struct {
	RefundID  string  `json:"refund_id"`
	PaymentID string  `json:"payment_id"`
	Amount    int64   `json:"amount"`
	Currency  string  `json:"currency"`
	Status    string  `json:"status"`
	Reason    *string `json:"reason"`
	Created   string  `json:"created_at"`
	Code      *string `json:"error_code"`
	Message   *string `json:"error_message"`
	Connector *string `json:"connector"`
	ProfileID string  `json:"profile_id"`
}
