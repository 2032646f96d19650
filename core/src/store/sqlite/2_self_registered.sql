-- So that those who registered themselves are counted without reading any of them.
CREATE INDEX clients_self_registered ON clients (client_id) WHERE registration_access_token IS NOT NULL;
