package inlab

import (
	"net/http"
	"time"
)

// Away makes the primary unreachable for a time: connections are refused, or hang.
func (l *Lab) Away(length time.Duration, hang bool) error {
	return l.control(http.MethodPost, "/away", map[string]any{"for": length, "hang": hang}, nil)
}

// Back ends the time that the primary is away.
func (l *Lab) Back() error { return l.control(http.MethodDelete, "/away", nil, nil) }

// ExpireToken disables a token.
func (l *Lab) ExpireToken(token string) error {
	return l.control(http.MethodPost, "/tokens/expire", map[string]string{"token": token}, nil)
}

// RenewToken enables an expired token again.
func (l *Lab) RenewToken(token string) error {
	return l.control(http.MethodPost, "/tokens/renew", map[string]string{"token": token}, nil)
}
