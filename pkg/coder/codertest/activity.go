package codertest

import "net/http"

// usageEndpoint accepts a client's word that a workspace is in use, with status 200, as clients expect.
func usageEndpoint(id, rest string) methods {
	if id != "usage" || rest != "push" {
		return nil
	}
	return methods{http.MethodPost: {serve: func(c *call) error {
		var body struct {
			Source      string `json:"source"`
			WorkspaceID string `json:"workspace_id"`
		}
		if err := c.decode(&body); err != nil {
			return err
		}
		return c.touch(body.WorkspaceID)
	}}}
}

// touch notes that somebody is connected to the workspace.
func (c *call) touch(workspaceID string) error {
	return c.withWorkspace(workspaceID, func(c *call, w *workspace) error {
		w.LastConnectionAt = c.primary.now()
		return c.answer(http.StatusOK, struct{}{})
	})
}
