-- So that those who registered themselves are counted without reading any of them.
CREATE INDEX clients_self_registered ON clients (registration_access_token)
    WHERE registration_access_token IS NOT NULL;
