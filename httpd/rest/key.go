package rest

import (
	"time"

	"penstock/httpd/wire"
)

// keyRequest makes or changes an API key. Mode is ours: the original has one
// mode to a server.
type keyRequest struct {
	Name        *string        `json:"name"`
	Description *string        `json:"description"`
	Expiration  *keyExpiration `json:"expiration"`
	Mode        *keyMode       `json:"mode"`
}

type keyMode string

func (m *keyMode) UnmarshalText(text []byte) error { return wire.OneOf(m, text, "test", "live") }

// keyExpiration is "never" or a time.
type keyExpiration struct{ at time.Time }

func (k *keyExpiration) UnmarshalText(text []byte) error {
	if string(text) == "never" {
		*k = keyExpiration{}
		return nil
	}
	at, err := parseTime(string(text))
	if err != nil {
		return wire.Rule("must be never or a time of RFC 3339, e.g. 2027-06-25T10:00:00Z")
	}
	k.at = at
	return nil
}

// keyMade is the only answer that shows the key.
type keyMade struct {
	ID          string  `json:"key_id"`
	MerchantID  string  `json:"merchant_id"`
	Name        string  `json:"name"`
	Description *string `json:"description"`
	Key         *string `json:"api_key"` // null in the answer to a repeat
	Publishable *string `json:"publishable_key"`
	Created     string  `json:"created"`
	Expiration  string  `json:"expiration"`
	Mode        string  `json:"mode"`
}

type keyShown struct {
	ID          string  `json:"key_id"`
	MerchantID  string  `json:"merchant_id"`
	Name        string  `json:"name"`
	Description *string `json:"description"`
	Prefix      string  `json:"prefix"`
	Created     string  `json:"created"`
	Expiration  string  `json:"expiration"`
	Mode        string  `json:"mode"`
}

type keyRevoked struct {
	MerchantID string `json:"merchant_id"`
	ID         string `json:"key_id"`
	Revoked    bool   `json:"revoked"`
}

type ephemeralRequest struct {
	CustomerID *chosenID `json:"customer_id"`
}

type ephemeralMade struct {
	ID         string `json:"id"`
	MerchantID string `json:"merchant_id"`
	CustomerID string `json:"customer_id"`
	Created    int64  `json:"created_at"` // Unix seconds
	Expires    int64  `json:"expires"`
	Secret     string `json:"secret"`
}
