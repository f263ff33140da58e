"""OpenADR 3: the client, the registrar, and the embedded VTN (`vendash.vtn.server`)."""
