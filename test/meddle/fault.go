package meddle

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Fault is a way in which a server may fail.
type Fault string

// The faults. Each can be the answer to any call.
const (
	Fault500       Fault = "500"
	Fault503       Fault = "503 with Retry-After"
	Fault429       Fault = "429"
	Fault409       Fault = "409"
	FaultTimeout   Fault = "no answer"
	FaultReset     Fault = "reset"
	FaultResetLate Fault = "reset after the effect"
	FaultTruncated Fault = "truncated"
	FaultHTML      Fault = "HTML"
	FaultEndless   Fault = "endless"
	FaultDrip      Fault = "slow drip"
)

// Faults returns all faults.
func Faults() []Fault {
	return []Fault{Fault500, Fault503, Fault429, Fault409, FaultTimeout, FaultReset, FaultResetLate, FaultTruncated, FaultHTML, FaultEndless, FaultDrip}
}

func (f Fault) answer(w http.ResponseWriter, r *http.Request, next http.Handler) {
	status := func(code int, header http.Header, body string) {
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
	switch f {
	case Fault500:
		status(http.StatusInternalServerError, nil, "")
	case Fault503:
		status(http.StatusServiceUnavailable, http.Header{"Retry-After": {"1"}}, "")
	case Fault429:
		status(http.StatusTooManyRequests, http.Header{"Retry-After": {"1"}}, "")
	case Fault409:
		status(http.StatusConflict, http.Header{"Content-Type": {"application/json"}},
			`{"kind":"Status","apiVersion":"v1","status":"Failure","message":"a conflict was asked for","reason":"Conflict","code":409}`)
	case FaultTimeout:
		<-r.Context().Done()
	case FaultReset:
		hangUp(w)
	case FaultResetLate:
		next.ServeHTTP(&sink{header: http.Header{}}, r)
		hangUp(w)
	case FaultTruncated:
		whole := &sink{header: http.Header{}}
		next.ServeHTTP(whole, r)
		w.Header().Set("Content-Type", whole.header.Get("Content-Type"))
		w.Header().Set("Content-Length", fmt.Sprint(whole.body.Len()+100))
		w.WriteHeader(max(whole.status, 200))
		_, _ = w.Write(whole.body.Bytes()[:whole.body.Len()/2])
	case FaultHTML:
		status(http.StatusOK, http.Header{"Content-Type": {"text/html"}}, "<html><body>Please log in</body></html>")
	case FaultEndless:
		w.Header().Set("Content-Type", "application/json")
		for chunk := bytes.Repeat([]byte(" "), 64<<10); r.Context().Err() == nil; {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	case FaultDrip:
		w.Header().Set("Content-Type", "application/json")
		ticker := time.NewTicker(200 * time.Millisecond)
		defer ticker.Stop()
		for r.Context().Err() == nil {
			if _, err := w.Write([]byte(" ")); err != nil {
				return
			}
			_ = http.NewResponseController(w).Flush()
			select {
			case <-r.Context().Done():
			case <-ticker.C:
			}
		}
	}
}

// sink keeps an answer instead of sending it.
type sink struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (s *sink) Header() http.Header            { return s.header }
func (s *sink) WriteHeader(code int)           { s.status = code }
func (s *sink) Write(data []byte) (int, error) { return s.body.Write(data) }
