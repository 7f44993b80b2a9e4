package codertest

import (
	"encoding/json"
	"net/http"
	"time"
)

// ControlHandler returns an API by which other processes control the primary: its log, its faults,
// its state. It needs no token, so serve it only on a separate loopback listener.
//
//	GET|DELETE /requests            the log
//	POST|DELETE /faults             a Fault to add -> {"id"}; all removed
//	DELETE /faults/{id}             one removed
//	GET /state                      providers, satellites, workspaces, users
//	POST /version                   {"version"}
//	POST|DELETE /away               {"for", "hang"}, in nanoseconds; back at once
//	POST /users                     {"email", "roles"} -> {"user", "token"}
//	POST /tokens/expire             {"token"}
//	POST /tokens/renew              {"token"}, which works again
//	POST /workspaces/fail           {"id", "message", "once"}
//	POST /workspaces/old-agent      {"id", "old"}
//	POST /stun                      {"offer"}
//	POST /workspaces/agent-token    {"id"} -> {"token"}, for an agent of one's own
//	POST /workspaces, /providers    a Workspace or Provider to add
//	DELETE /workspaces/{id}         one removed
//	DELETE /providers/{id}          one removed
func (p *Primary) ControlHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /requests", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, p.Requests()) })
	mux.HandleFunc("DELETE /requests", func(w http.ResponseWriter, _ *http.Request) {
		p.ResetRequests()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /faults", control(func(f Fault) (any, int) {
		if err := f.check(); err != nil {
			return errorBody("bad_request", err.Error()), http.StatusBadRequest
		}
		return map[string]string{"id": p.addFault(f)}, http.StatusCreated
	}))
	mux.HandleFunc("DELETE /faults/{id}", func(w http.ResponseWriter, r *http.Request) {
		p.removeFault(r.PathValue("id"))
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("DELETE /faults", func(w http.ResponseWriter, _ *http.Request) {
		p.ClearFaults()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET /state", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, p.State()) })
	mux.HandleFunc("POST /version", control(func(body struct{ Version string }) (any, int) {
		p.SetVersion(body.Version)
		return nil, http.StatusNoContent
	}))
	mux.HandleFunc("POST /away", control(func(body struct {
		For  time.Duration
		Hang bool
	},
	) (any, int) {
		p.Away(body.For, body.Hang)
		return nil, http.StatusNoContent
	}))
	mux.HandleFunc("DELETE /away", func(w http.ResponseWriter, _ *http.Request) {
		p.Back()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /users", control(func(body struct {
		Email string
		Roles []string
	},
	) (any, int) {
		if body.Email == "" || p.hasUser(body.Email) {
			return errorBody("conflict", "the e-mail address is empty or taken"), http.StatusConflict
		}
		user := p.AddUser(body.Email, body.Roles...)
		return map[string]any{"user": user, "token": p.Token(user.ID)}, http.StatusCreated
	}))
	mux.HandleFunc("POST /tokens/expire", control(func(body struct{ Token string }) (any, int) {
		if !p.ExpireToken(body.Token) {
			return errorBody("not_found", "no such token"), http.StatusNotFound
		}
		return nil, http.StatusNoContent
	}))
	mux.HandleFunc("POST /tokens/renew", control(func(body struct{ Token string }) (any, int) {
		if !p.RenewToken(body.Token) {
			return errorBody("not_found", "no such token"), http.StatusNotFound
		}
		return nil, http.StatusNoContent
	}))
	mux.HandleFunc("POST /workspaces/fail", control(func(body struct {
		ID, Message string
		Once        bool
	},
	) (any, int) {
		if !p.FailBuilds(body.ID, body.Message, body.Once) {
			return errorBody("not_found", "no such workspace"), http.StatusNotFound
		}
		return nil, http.StatusNoContent
	}))
	mux.HandleFunc("POST /workspaces/old-agent", control(func(body struct {
		ID  string
		Old bool
	},
	) (any, int) {
		if !p.SetOldAgent(body.ID, body.Old) {
			return errorBody("not_found", "no such workspace"), http.StatusNotFound
		}
		return nil, http.StatusNoContent
	}))
	mux.HandleFunc("POST /stun", control(func(body struct{ Offer bool }) (any, int) {
		if err := p.OfferDirect(body.Offer); err != nil {
			return errorBody("internal", err.Error()), http.StatusInternalServerError
		}
		return nil, http.StatusNoContent
	}))
	mux.HandleFunc("POST /workspaces/agent-token", control(func(body struct{ ID string }) (any, int) {
		token := p.AgentToken(body.ID)
		if token == "" {
			return errorBody("not_found", "no such workspace"), http.StatusNotFound
		}
		return map[string]string{"token": token}, http.StatusOK
	}))
	mux.HandleFunc("POST /workspaces", control(func(w Workspace) (any, int) { return p.AddWorkspace(w), http.StatusCreated }))
	mux.HandleFunc("POST /providers", control(func(provider Provider) (any, int) { return p.AddProvider(provider), http.StatusCreated }))
	mux.HandleFunc("DELETE /workspaces/{id}", func(w http.ResponseWriter, r *http.Request) {
		p.RemoveWorkspace(r.PathValue("id"))
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("DELETE /providers/{id}", func(w http.ResponseWriter, r *http.Request) {
		p.RemoveProvider(r.PathValue("id"))
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}

// State is the primary's state; tokens are not part of it.
type State struct {
	Version    string         `json:"version"`
	Users      []User         `json:"users"`
	Providers  []Provider     `json:"providers"`
	Satellites []Registration `json:"satellites"`
	Workspaces []Workspace    `json:"workspaces"`
}

// State returns the primary's state.
func (p *Primary) State() State {
	state := State{Users: []User{}, Providers: p.Providers(), Satellites: p.Satellites(), Workspaces: p.Workspaces()}
	p.mu.Lock()
	defer p.mu.Unlock()
	state.Version = p.version
	for _, user := range p.users {
		state.Users = append(state.Users, *user)
	}
	return state
}

// control decodes a JSON body, acts on it, and answers with the result.
func control[Body any](act func(Body) (answer any, status int)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var body Body
		decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
		decoder.DisallowUnknownFields() // a misspelt fault would never happen
		if err := decoder.Decode(&body); err != nil {
			writeJSON(w, http.StatusBadRequest, errorBody("bad_request", err.Error()))
			return
		}
		answer, status := act(body)
		if answer == nil {
			w.WriteHeader(status)
			return
		}
		writeJSON(w, status, answer)
	}
}
