package rest

import (
	"encoding/json"

	"penstock/httpd/wire"
)

// accountRequest makes or changes a merchant. Names are those of the contract.
type accountRequest struct {
	MerchantID   *chosenID       `json:"merchant_id"`
	Name         *string         `json:"merchant_name"`
	Details      wire.Object     `json:"merchant_details"`
	ReturnURL    *string         `json:"return_url"`
	Webhook      *webhookDetails `json:"webhook_details"`
	Businesses   businesses      `json:"primary_business_details"`
	LockerID     *string         `json:"locker_id"`
	Metadata     wire.Object     `json:"metadata"`
	SubMerchants *bool           `json:"sub_merchants_enabled"`
	Parent       *string         `json:"parent_merchant_id"`
	HashEnabled  *bool           `json:"enable_payment_response_hash"`
	HashKey      *string         `json:"payment_response_hash_key"`
	Routing      wire.Object     `json:"payout_routing_algorithm"`
	Organization *string         `json:"organization_id"`
	ProductType  *productType    `json:"product_type"`
	Redirect     *bool           `json:"redirect_to_merchant_with_http_post"`
}

// productType is what a merchant uses of the original's products; nothing here
// depends on it.
type productType string

func (p *productType) UnmarshalText(text []byte) error {
	return wire.OneOf(p, text, "orchestration", "vault", "recon", "recovery", "cost_observability", "dynamic_routing")
}

// business is where a merchant works; it names a profile.
type business struct {
	Country  *countryCode `json:"country"`
	Business *string      `json:"business"`
}

// businesses are a list, or one alone.
type businesses []business

func (b *businesses) UnmarshalJSON(raw []byte) error {
	o := wire.DecodeOptions{AnyValue: true, IgnoreUnknown: true}
	if len(raw) > 0 && raw[0] == '{' {
		*b = make(businesses, 1)
		return wire.Decode(raw, &(*b)[0], o)
	}
	var list []business
	if err := wire.Decode(raw, &list, o); err != nil {
		return err
	}
	*b = list
	return nil
}

// webhookDetails is where and of what a profile is told.
type webhookDetails struct {
	Version   *string      `json:"webhook_version"`
	Username  *string      `json:"webhook_username"`
	Password  *string      `json:"webhook_password"`
	URL       *string      `json:"webhook_url"`
	Created   *bool        `json:"payment_created_enabled"`
	Succeeded *bool        `json:"payment_succeeded_enabled"`
	Failed    *bool        `json:"payment_failed_enabled"`
	Payments  []string     `json:"payment_statuses_enabled,omitzero"`
	Refunds   []string     `json:"refund_statuses_enabled,omitzero"`
	Payouts   []statusName `json:"payout_statuses_enabled,omitzero"`
}

// accountExtra is what only this dialect knows of a merchant. It bears no secret.
type accountExtra struct {
	Details      json.RawMessage `json:"details,omitzero"`
	ReturnURL    string          `json:"return_url,omitzero"`
	Webhook      *webhookDetails `json:"webhook,omitzero"`
	Businesses   []business      `json:"businesses,omitzero"`
	LockerID     string          `json:"locker_id,omitzero"`
	Metadata     json.RawMessage `json:"metadata,omitzero"`
	SubMerchants *bool           `json:"sub_merchants,omitzero"`
	Parent       string          `json:"parent,omitzero"`
	HashDisabled bool            `json:"hash_disabled,omitzero"`
	Routing      json.RawMessage `json:"routing,omitzero"`
	Organization string          `json:"organization,omitzero"`
	ProductType  string          `json:"product_type,omitzero"`
	Redirect     bool            `json:"redirect,omitzero"`
}

type accountResponse struct {
	MerchantID   string          `json:"merchant_id"`
	Name         *string         `json:"merchant_name"`
	ReturnURL    *string         `json:"return_url"`
	HashEnabled  bool            `json:"enable_payment_response_hash"`
	HashKey      *string         `json:"payment_response_hash_key"`
	Redirect     bool            `json:"redirect_to_merchant_with_http_post"`
	Details      json.RawMessage `json:"merchant_details"`
	Webhook      *webhookDetails `json:"webhook_details"`
	Routing      json.RawMessage `json:"payout_routing_algorithm"`
	SubMerchants *bool           `json:"sub_merchants_enabled"`
	Parent       *string         `json:"parent_merchant_id"`
	Publishable  *string         `json:"publishable_key"`
	Metadata     json.RawMessage `json:"metadata"`
	LockerID     *string         `json:"locker_id"`
	Businesses   []business      `json:"primary_business_details"`
	Organization string          `json:"organization_id"`
	Recon        bool            `json:"is_recon_enabled"`
	Default      *string         `json:"default_profile"`
	ReconStatus  string          `json:"recon_status"`
	ProductType  string          `json:"product_type"`
	AccountType  string          `json:"merchant_account_type"`
}

type accountDeleted struct {
	MerchantID string `json:"merchant_id"`
	Deleted    bool   `json:"deleted"`
}
