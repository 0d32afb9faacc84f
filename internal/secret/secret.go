// Package secret knows where the secret of a session is kept, in a cookie of its own or in a
// session of gin-contrib, and what an answer does to the cookies. It knows no messages.
//
// A secret is a random text that only the user's browser and the application have. The session key,
// under which messages wait, is its hash.
package secret

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
)

// newSecret returns a new random secret.
func newSecret() string { return rand.Text() }

// Key returns the session key of a secret, or "" if there is no secret.
func Key(secret string) string {
	if secret == "" {
		return ""
	}
	hash := sha256.Sum256([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(hash[:])
}

// IsSecret reports whether s can be a text of rand.Text, which has 26 characters today.
func IsSecret(s string) bool {
	return len(s) >= 26 && len(s) <= 64 && isBase32(s)
}

func isBase32(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'A' || c > 'Z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}
