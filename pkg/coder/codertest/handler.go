package codertest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// maxBody is the longest request body that is read.
const maxBody = 1 << 20

// call is one request on its way through the primary.
type call struct {
	primary *Primary
	w       http.ResponseWriter
	r       *http.Request
	user    *User

	// status and body are the answer. It is sent when the call has finished, so that a slow reader holds no lock.
	status int
	body   []byte
}

// route is one method of an endpoint.
type route struct {
	// open is set when no token is needed.
	open bool
	// manage is set when it needs the role site-manager or site-admin.
	manage bool
	serve  func(*call) error
}

// refusal is a negative answer.
type refusal struct {
	status  int
	code    string
	message string
}

func (e *refusal) Error() string { return e.message }

func refuse(status int, code, format string, args ...any) error {
	return &refusal{status, code, fmt.Sprintf(format, args...)}
}

func notFound(what, id string) error {
	return refuse(http.StatusNotFound, "not_found", "%s %q does not exist", what, id)
}

// Handler returns the primary's API, with its log and its faults.
func (p *Primary) Handler() http.Handler {
	return p.logged(p.faulty(http.HandlerFunc(p.serve)))
}

func (p *Primary) serve(w http.ResponseWriter, r *http.Request) {
	c := &call{primary: p, w: w, r: r}
	if err := c.dispatch(); err != nil {
		c.answerError(err)
	}
	c.send()
}

// dispatch finds the endpoint, checks the user, and serves.
func (c *call) dispatch() error {
	if err := c.primary.checkSatellite(c.r); err != nil {
		return err
	}
	methods := c.primary.endpoint(c.r)
	if methods == nil {
		return refuse(http.StatusNotFound, "not_found", "no such endpoint: %s", c.r.URL.Path)
	}
	method := c.r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	chosen, ok := methods[method]
	if !ok {
		c.w.Header().Set("Allow", methods.allowed())
		return refuse(http.StatusMethodNotAllowed, "method_not_allowed", "%s is not allowed on %s", c.r.Method, c.r.URL.Path)
	}
	if !chosen.open {
		c.primary.mu.Lock()
		user := c.primary.authenticate(c.r)
		c.primary.mu.Unlock()
		if user == nil {
			return refuse(http.StatusUnauthorized, "unauthenticated", "the session token is missing, unknown or expired")
		}
		c.user = user
		c.note(func(request *Request) { request.User = user.Email })
		if chosen.manage && !user.canManage() {
			return refuse(http.StatusForbidden, "forbidden", "this needs the role %s or %s", RoleManager, RoleAdmin)
		}
	}
	return chosen.serve(c)
}

// answer sets the answer: a status and JSON.
func (c *call) answer(status int, body any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	c.status, c.body = status, data
	return nil
}

// done sets an empty answer.
func (c *call) done() error {
	c.status, c.body = http.StatusNoContent, nil
	return nil
}

// send sends the answer, if there is one: a WebSocket has none.
func (c *call) send() {
	if c.status == 0 {
		return
	}
	if c.body != nil {
		c.w.Header().Set("Content-Type", "application/json; charset=utf-8")
		c.w.Header().Set("Content-Length", strconv.Itoa(len(c.body)))
	}
	c.w.WriteHeader(c.status)
	_, _ = c.w.Write(c.body)
}

func (c *call) answerError(err error) {
	no := &refusal{http.StatusInternalServerError, "internal", err.Error()}
	errors.As(err, &no)
	_ = c.answer(no.status, errorBody(no.code, no.message))
}

func errorBody(code, message string) any {
	return map[string]any{"error": map[string]any{"msg": message, "code": code, "details": nil}}
}

// decode reads the request's body into out, and refuses unknown fields and other types.
func (c *call) decode(out any) error {
	data, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, maxBody))
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		return refuse(http.StatusRequestEntityTooLarge, "too_large", "the body is longer than %d bytes", maxBody)
	case err != nil:
		return refuse(http.StatusBadRequest, "bad_request", "the body cannot be read: %v", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(out); err != nil {
		return refuse(http.StatusBadRequest, "bad_request", "the body is invalid: %v", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return refuse(http.StatusBadRequest, "bad_request", "the body continues after its JSON")
	}
	return nil
}
