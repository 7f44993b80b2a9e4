package probe

import "errors"

// Reason is why a stage was not passed.
type Reason string

// Reasons.
const (
	BadTarget        Reason = "bad target"        // the target itself is wrong
	NoSuchName       Reason = "no such name"      // DNS knows no such name
	Refused          Reason = "refused"           // nothing listens at the address
	TimedOut         Reason = "timed out"         // no answer within the stage's time
	Interrupted      Reason = "interrupted"       // the caller no longer wanted to know
	UnknownAuthority Reason = "unknown authority" // of the certificate
	WrongName        Reason = "wrong name"        // in the certificate
	Expired          Reason = "expired"           // the certificate, or not valid yet
	BadCertificate   Reason = "bad certificate"   // otherwise not valid
	NotTLS           Reason = "not TLS"           // what answers speaks something else
	NotHTTP          Reason = "not HTTP"          // what answers speaks something else
	Failed           Reason = "failed"            // anything else
)

// Error says why a stage was not passed.
type Error struct {
	Reason Reason
	// Message says it in words.
	Message string

	cause error
}

func (e *Error) Error() string { return e.Message }

func (e *Error) Unwrap() error { return e.cause }

// ReasonOf returns why a stage was not passed; "" if err is no failure of a stage.
func ReasonOf(err error) Reason {
	var failure *Error
	if errors.As(err, &failure) {
		return failure.Reason
	}
	return ""
}
