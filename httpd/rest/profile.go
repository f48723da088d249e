package rest

import (
	"encoding/json"

	"penstock/httpd/wire"
)

// profileRequest makes or changes a profile. Of what is given as null only the
// configuration of links is taken away.
type profileRequest struct {
	Name        *string                  `json:"profile_name"`
	ReturnURL   *string                  `json:"return_url"`
	HashEnabled *bool                    `json:"enable_payment_response_hash"`
	HashKey     *string                  `json:"payment_response_hash_key"`
	Redirect    *bool                    `json:"redirect_to_merchant_with_http_post"`
	Webhook     *webhookDetails          `json:"webhook_details"`
	Metadata    wire.Object              `json:"metadata"`
	Fulfilment  *uint32                  `json:"intent_fulfillment_time"`
	Expiry      *uint32                  `json:"session_expiry"`
	Routing     wire.Object              `json:"payout_routing_algorithm"`
	Link        wire.Field[linkSettings] `json:"payout_link_config"`
	Headers     *map[string]string       `json:"outgoing_webhook_custom_http_headers"`
	Retry       *retrySettings           `json:"payout_retry_config"`
}

// retrySettings is ours: the original has it in switches of its operator.
type retrySettings struct {
	Others *int        `json:"max_auto_retries_multi_connector"`
	Same   *int        `json:"max_auto_retries_single_connector"`
	Rules  []retryRule `json:"rules,omitzero"`
}

type retryRule struct {
	Connector *string      `json:"connector"`
	Code      *string      `json:"code"`
	Message   *string      `json:"message"`
	Decision  *retryChoice `json:"decision"`
}

type retryChoice string

func (d *retryChoice) UnmarshalText(text []byte) error {
	return wire.OneOf(d, text, "retry", "do_default", "requeue")
}

// linkSettings is how a profile's payout links look and where they may be shown.
type linkSettings struct {
	Domain       *string     `json:"domain_name"`
	Allowed      []string    `json:"allowed_domains,omitzero"`
	Logo         *string     `json:"logo"`
	MerchantName *string     `json:"merchant_name"`
	Theme        *string     `json:"theme"`
	Layout       *formLayout `json:"form_layout"`
	TestMode     *bool       `json:"payout_test_mode"`
}

type formLayout string

func (l *formLayout) UnmarshalText(text []byte) error { return wire.OneOf(l, text, "tabs", "journey") }

// profileExtra is what only this dialect knows of a profile. It bears no secret.
type profileExtra struct {
	ReturnURL    string          `json:"return_url,omitzero"`
	HashDisabled bool            `json:"hash_disabled,omitzero"`
	Redirect     bool            `json:"redirect,omitzero"`
	Webhook      *webhookDetails `json:"webhook,omitzero"`
	Metadata     json.RawMessage `json:"metadata,omitzero"`
	Fulfilment   uint32          `json:"fulfilment,omitzero"` // seconds
	Expiry       uint32          `json:"expiry,omitzero"`     // seconds
	Routing      json.RawMessage `json:"routing,omitzero"`
	Link         *linkSettings   `json:"link,omitzero"`
}

type profileResponse struct {
	MerchantID  string            `json:"merchant_id"`
	ProfileID   string            `json:"profile_id"`
	Name        string            `json:"profile_name"`
	ReturnURL   *string           `json:"return_url"`
	HashEnabled bool              `json:"enable_payment_response_hash"`
	HashKey     *string           `json:"payment_response_hash_key"`
	Redirect    bool              `json:"redirect_to_merchant_with_http_post"`
	Webhook     *webhookDetails   `json:"webhook_details"`
	Metadata    json.RawMessage   `json:"metadata"`
	Fulfilment  *uint32           `json:"intent_fulfillment_time"`
	Expiry      *uint32           `json:"session_expiry"`
	Routing     json.RawMessage   `json:"payout_routing_algorithm"`
	Link        *linkSettings     `json:"payout_link_config"`
	Headers     map[string]string `json:"outgoing_webhook_custom_http_headers"`
	Retry       retryShown        `json:"payout_retry_config"`
}

type retryShown struct {
	Others int         `json:"max_auto_retries_multi_connector"`
	Same   int         `json:"max_auto_retries_single_connector"`
	Rules  []retryRule `json:"rules"`
}
